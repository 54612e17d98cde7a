import { formatAddress } from '../wire/address.js';
import { KEY_SOURCE } from './reassembly/fragment.js';
import type { Group } from './reassembly/group.js';
import type { FragmentFacts } from './reassembly/records.js';
import { isSplice, spliceText } from './splice.js';
import type { FragmentVerdict, MutableVerdict } from './verdict.js';

/** Fragments that a verdict lists; the others are counted in it. */
const MOST_LISTED = 1024;

/** A verdict with nothing found yet, its fields in the order of the `--json` contract. */
export function newVerdict(family: 4 | 6, key: Int32Array, ident: number | null, protocol: number): MutableVerdict {
  const words = family === 4 ? 1 : 4;
  return {
    type: 'datagram',
    family,
    source: addressText(key, KEY_SOURCE, words),
    destination: addressText(key, KEY_SOURCE + words, words),
    via: null,
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
    findings: [],
    cut: false,
    offloaded: null,
    fragmentList: null,
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
  if (group.via !== '') verdict.via = group.via;
  verdict.cut = group.cuts.length > 0 && !group.shortOnWire;
  return verdict;
}

/**
 * What the findings of `group` come to. Anything wrong is bad, whether or not the rest came; something missing is
 * incomplete.
 */
export function setVerdict(verdict: MutableVerdict, group: Group): void {
  const { findings } = group;
  if (findings.mismatches > 0) verdict.verdict = isSplice(group) ? 'spliced' : 'bad';
  else if (!verdict.complete) verdict.verdict = 'incomplete';
  else if (verdict.offloaded !== null) verdict.verdict = 'offloaded';
  else verdict.verdict = group.unchecked ? 'reassembled' : 'good';
  if (findings.list.length > 0) setTexts(verdict, group);
  if (verdict.verdict !== 'good' && verdict.verdict !== 'offloaded') verdict.fragmentList = fragmentList(group);
}

/** Of a splice nothing is wrong: its mismatches are notes. */
function setTexts(verdict: MutableVerdict, group: Group): void {
  const { list } = group.findings;
  if (verdict.verdict !== 'spliced') verdict.findings = list;
  else {
    verdict.findings = [
      { code: 'spliced', level: 'note', fragment: null, text: spliceText(group) },
      ...list.map((one) => ({ ...one, level: 'note' as const })),
    ];
  }
  const texts = (wanted: 'mismatch' | 'note'): string[] =>
    verdict.findings.filter(({ level }) => level === wanted).map(({ text }) => text);
  verdict.mismatches = texts('mismatch');
  verdict.notes = texts('note');
}

/** Of a packet that came whole, or that could not be read, that one. */
function fragmentList(group: Group): FragmentVerdict[] {
  const { records, faultyCopies, began, frame, total, ttl, tos } = group;
  if (records.count === 0 && group.buffer === undefined) {
    const time = Math.round(began * 1e6) / 1e6;
    return [{ number: 1, frame, time, offset: 0, length: Math.max(0, total), more: false, ttl, tos }];
  }
  const listed = ({ number, frame, micros, ...facts }: FragmentFacts): FragmentVerdict => ({
    number,
    frame,
    time: Math.round(began * 1e6 + micros) / 1e6,
    ...facts,
  });
  const distinct = records.facts(MOST_LISTED).map(listed);
  if (faultyCopies.length === 0) return distinct;
  const repeated = faultyCopies.map((one) => ({ ...listed(one), repeated: true as const }));
  return [...distinct, ...repeated].sort((a, b) => a.number - b.number);
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
