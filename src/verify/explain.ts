import { CODES, type Code } from './codes.js';
import { coverageMap } from './coverage-map.js';
import type { Finding } from './findings.js';
import type { DatagramVerdict } from './verdict.js';

/** Kinds of faults that are explained; a datagram may have more of them. */
const MOST_EXPLAINED = 6;
const MARGIN = '           ';

/**
 * What is wrong with one datagram, for people: its fragments as a map, the octets that say so, and what a receiver does with
 * it. Empty for a datagram with which nothing is wrong.
 */
export function explanation(verdict: DatagramVerdict): string {
  const faults = verdict.findings.filter(({ level }) => level === 'mismatch');
  if (faults.length === 0) return '';
  const codes = [...new Set(faults.map(({ code }) => code))].slice(0, MOST_EXPLAINED);
  const lines = [...coverageMap(verdict), ...codes.flatMap((code) => explained(code, faults))];
  return lines.map((line) => MARGIN + line).join('\n');
}

/** Where it is written, what happens to the datagram, and the octets of the faulty field among those around it. */
function explained(code: Code, faults: readonly Finding[]): string[] {
  const {
    octets,
    mark,
    of = '',
    fragment = null,
  } = faults.find((one) => one.code === code && one.mark !== undefined) ?? {};
  return [
    `${code} (${CODES[code].source}): ${CODES[code].receiver}`,
    ...(octets === undefined || mark === undefined
      ? []
      : [`  ${of}${fragment === null ? '' : ` of fragment #${fragment}`}:`, ...hexLines(octets, mark)]),
  ];
}

const PER_LINE = 16;

/** `4500 [0014]`: pairs of octets, the marked ones in brackets. */
function hexLines(octets: string, [start, end]: readonly [number, number]): string[] {
  const lines: string[] = [];
  for (let at = 0; at < octets.length / 2; at += PER_LINE) {
    let line = `  ${String(at).padStart(3)} `;
    for (let i = at; i < Math.min(at + PER_LINE, octets.length / 2); i++) {
      line += i === start ? '[' : i === end && i > at ? ']' : ' ';
      line += octets.slice(2 * i, 2 * i + 2);
    }
    const closes = end > at && (end === octets.length / 2 ? end <= at + PER_LINE : end === at + PER_LINE);
    lines.push(closes ? `${line}]` : line);
  }
  return lines;
}
