import type { Finding } from '../verify/findings.js';
import type { DatagramKind, DatagramVerdict } from '../verify/verdict.js';
import type { Difference } from './difference.js';
import type { Fault } from './payload.js';

/** The verdict with faults that a comparison found, which make it bad, and with notes. */
export function amended(
  verdict: DatagramVerdict,
  faults: readonly Fault[],
  changed: readonly Fault[],
  kind: DatagramKind = verdict.verdict,
): DatagramVerdict {
  const texts = (all: readonly Fault[]): string[] => all.map(({ text }) => text);
  return {
    ...verdict,
    mismatches: [...verdict.mismatches, ...texts(faults)],
    notes: [...verdict.notes, ...texts(changed)],
    findings: [...verdict.findings, ...findings('mismatch', faults), ...findings('note', changed)],
    verdict: faults.length > 0 ? 'bad' : kind,
  };
}

function findings(level: Finding['level'], faults: readonly Fault[]): Finding[] {
  return faults.map(({ code, text }) => ({ code, level, fragment: null, text }));
}

export function notAsSent(text: string): Fault {
  return { code: 'not-as-sent', text };
}

/** `ttl changed on the way from 64 to 9`. */
export function changedText({ field, from, to }: Difference): string {
  return `${field} changed on the way from ${from} to ${to}`;
}
