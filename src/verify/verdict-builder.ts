import { formatAddress } from '../wire/address.js';
import { KEY_SOURCE } from './fragment.js';
import type { Group } from './group.js';
import type { MutableVerdict } from './verdict.js';

/** A verdict with nothing found yet, its fields in the order of the `--json` contract. */
export function newVerdict(family: 4 | 6, key: Int32Array, ident: number | null, protocol: number): MutableVerdict {
  const words = family === 4 ? 1 : 4;
  return {
    type: 'datagram',
    family,
    source: addressText(key, KEY_SOURCE, words),
    destination: addressText(key, KEY_SOURCE + words, words),
    ident,
    protocol,
    fragments: 0,
    duplicates: 0,
    overlaps: 0,
    conflicts: 0,
    holes: [],
    complete: true,
    headerChecksumErrors: 0,
    udp: null,
    payloadLen: null,
    payloadSha256: null,
    verdict: 'good',
    mismatches: [],
    notes: [],
  };
}

/** What the fragments of `group` show; the upper layer is not looked at. */
export function groupVerdict(group: Group): MutableVerdict {
  const verdict = newVerdict(
    group.family,
    group.key,
    group.family === 6 && !group.fragmented ? null : group.ident,
    group.protocol,
  );
  verdict.fragments = group.fragments;
  verdict.duplicates = group.duplicates;
  verdict.overlaps = group.overlaps;
  verdict.conflicts = group.conflicts;
  verdict.holes = holesOf(group);
  verdict.complete = verdict.holes.length === 0;
  verdict.headerChecksumErrors = group.headerChecksumErrors;
  verdict.mismatches = group.mismatches;
  verdict.notes = group.notes;
  return verdict;
}

/** Anything wrong is bad, whether or not the rest came; something missing is incomplete. */
export function setVerdict(verdict: MutableVerdict): void {
  verdict.verdict = verdict.mismatches.length > 0 ? 'bad' : verdict.complete ? 'good' : 'incomplete';
}

/** What no fragment carried, and what the frames of those that did lack; in order and merged. */
function holesOf(group: Group): [number, number | null][] {
  const { cuts, total } = group;
  const missing = group.extents.holes(total);
  for (let i = 0; i < cuts.length; i += 2) {
    const end = total < 0 ? cuts[i + 1]! : Math.min(cuts[i + 1]!, total);
    if (cuts[i]! < end) missing.push([cuts[i]!, end]);
  }
  if (cuts.length === 0) return missing;
  missing.sort((a, b) => a[0] - b[0]);
  const merged: [number, number | null][] = [];
  for (const hole of missing) {
    const last = merged[merged.length - 1];
    if (last === undefined || (last[1] !== null && hole[0] > last[1])) merged.push(hole);
    else if (last[1] !== null && (hole[1] === null || hole[1] > last[1])) last[1] = hole[1];
  }
  return merged;
}

const octets = new Uint8Array(16);
const words = new DataView(octets.buffer);

/** Datagrams mostly come in a row with the same addresses, and canonical IPv6 text costs microseconds. */
const texts = new Map<string, string>();
const TEXTS_KEPT = 1_024;

function addressText(key: Int32Array, at: number, count: number): string {
  const raw = count === 1 ? `${key[at]}` : `${key[at]},${key[at + 1]},${key[at + 2]},${key[at + 3]}`;
  const known = texts.get(raw);
  if (known !== undefined) return known;
  for (let i = 0; i < count; i++) words.setInt32(4 * i, key[at + i]!);
  const text = formatAddress(octets, 0, count === 1 ? 4 : 6);
  if (texts.size >= TEXTS_KEPT) texts.clear();
  texts.set(raw, text);
  return text;
}
