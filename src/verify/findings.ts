import type { Group } from './group.js';

/** A datagram of 8,192 fragments can be wrong 8,192 times; a reader needs the first few. */
const MOST = 64;

/** Adds a mismatch or note to a list, up to a bound. */
export function addFinding(list: string[], text: string): void {
  if (list.length < MOST) list.push(text);
  else if (list.length === MOST) list.push('more of the kind left out');
}

/** What is wrong with the latest fragment of `group`. */
export function mismatch(group: Group, text: string): void {
  addFinding(group.mismatches, group.fragmented ? `fragment #${group.seen}: ${text}` : text);
}

/** A field of the latest fragment that may differ from fragment #1's, and does. */
export function noteField(group: Group, field: string, got: number, want: number): void {
  addFinding(group.notes, `fragment #${group.seen}: ${field} got ${got}, fragment #1 has ${want}`);
}

export function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}

/** `none` for no octets. */
export function hexOctets(octets: Iterable<number>): string {
  return Buffer.from([...octets]).toString('hex') || 'none';
}
