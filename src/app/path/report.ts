import type { FarEnd } from './far-end.js';
import type { Finding, FindingCode } from './finding.js';
import type { AnswerKind, Outcome } from './probe.js';

/** What is told, and keeps no datagram from arriving. */
const HARMLESS: ReadonlySet<FindingCode> = new Set([
  ...(['path-mtu', 'reordered', 'translated', 'reassembled', 'ttl-rewritten'] as const),
]);

/** Nothing in the way, or nothing that keeps datagrams from arriving; where not all was asked and answered, that is open. */
export function pathVerdict({ answers, findings }: PathReport): 'good' | 'bad' | 'inconclusive' {
  const grave = findings.filter(({ code }) => !HARMLESS.has(code));
  if (answers === null || (grave.length > 0 && grave.every(({ code }) => code === 'not-sent'))) return 'inconclusive';
  return grave.length === 0 ? 'good' : 'bad';
}

/** What one family's path does, as `--json` prints it. */
export interface PathReport {
  readonly type: 'path';
  readonly family: 4 | 6;
  readonly address: string;
  readonly answers: AnswerKind | null;
  /** Of the way out before anything was sent, octets. */
  readonly mtu: number;
  readonly outcomes: readonly Outcome[];
  readonly largestPacket: number | null;
  readonly largestDatagram: number | null;
  /** Null unless it was asked for. */
  readonly farEnd: FarEnd | null;
  readonly findings: readonly Finding[];
}
