import { addSums } from '../../wire/checksum.js';
import { formatMac } from '../../wire/ethernet.js';
import { FRAG_OFF, FRAGMENT_HEADER_LEN } from '../../wire/ipv6-extension.js';
import type { Code } from '../codes.js';
import { evidence } from '../findings.js';
import type { BufferPool } from './buffers.js';
import type { Fragment } from './fragment.js';
import type { Group } from './group.js';
import { copySummarize, OctetSummary, summarize } from './octets.js';

const summary = new OctetSummary();
/** Two numbers for each fragment that a packet can have. */
const MOST_CUTS = 2 * 8192;
/** Stretches of octets that the text of one overlap names. */
const MOST_RANGES = 4;

/**
 * Puts one fragment into its datagram, whatever it looks like: exact duplicates are counted, overlaps keep the octets that
 * came first, what cannot belong to a packet of 65,535 octets is left out. Returns whether the datagram is now complete.
 * `group.seen` must already count the fragment.
 */
export function placeFragment(group: Group, fragment: Fragment, buffers: BufferPool): boolean {
  const end = fragment.offset + fragment.len;
  const overlapping = group.extents.intersects(fragment.offset, end);
  if ((overlapping || fragment.len === 0) && isRepeated(group, fragment)) {
    group.duplicates++;
    noteCopy(group, fragment);
    return false;
  }
  group.fragments++;
  if (end > fragment.limit) {
    const text = `end got ${end}, want at most ${fragment.limit} (a packet holds 65535 octets)`;
    wrong(group, fragment, 'fragment-past-65535', text, 'offset');
    summarize(fragment, fragment.data, fragment.captured, summary);
    record(group, fragment);
    return false;
  }
  if (fragment.macLow !== group.macLow || fragment.macHigh !== group.macHigh) checkMac(group, fragment);
  checkEnd(group, fragment, end);
  room(group, end, buffers);
  if (overlapping) placeOverlap(group, fragment, end);
  else placePlain(group, fragment);
  if (fragment.captured < fragment.len) noteCut(group, fragment);
  group.extents.add(fragment.offset, end);
  return group.total >= 0 && group.extents.covers(group.total);
}

/** Whether the very same fragment is there already; `summary` is that of its octets then. */
export function isRepeated(group: Group, fragment: Fragment): boolean {
  summarize(fragment, fragment.data, fragment.captured, summary);
  return group.records.has(fragment.offset, fragment.len, fragment.more, summary);
}

/** Whether the fragment may be one of those that the group still lacks. */
export function fits({ extents, total }: Group, { offset, len, more }: Fragment): boolean {
  const end = offset + len;
  if (extents.intersects(offset, end) || (total >= 0 && end > total)) return false;
  return more || (total < 0 && extents.end <= end);
}

/** The usual way: the octets are copied, summed and digested in the buffer, where they are aligned and in the cache. */
function placePlain(group: Group, fragment: Fragment): void {
  const { offset, data, captured } = fragment;
  copySummarize(group.buffer!, offset, fragment, data, captured, summary);
  group.sum = addSums(group.sum, summary.sum); // every fragment begins at an even octet
  record(group, fragment);
}

/** A repeated fragment is not kept but where something was found on it: a reader wants to know which it was. */
function noteCopy(group: Group, fragment: Fragment): void {
  if (group.findings.list.at(-1)?.fragment !== group.seen) return;
  const { frame, offset, len: length, more, ttl, tos } = fragment;
  const micros = microsOf(group, fragment);
  group.faultyCopies.push({ number: group.seen, frame, micros, offset, length, more, ttl, tos });
}

function microsOf(group: Group, { time }: Fragment): number {
  return Math.max(-0x4000_0000, Math.min(0x3fff_ffff, Math.round((time - group.began) * 1e6)));
}

function record(group: Group, fragment: Fragment): void {
  group.records.add(fragment, group.seen, microsOf(group, fragment), summary);
  if (group.records.leftOut === 1)
    group.note(
      'fragments-left-out',
      `more than ${group.records.count} fragments: which repeat is not told of the rest`,
    );
}

/**
 * Fragments to different stations, which is no fault of the datagram's: seen on two hops, sent by two interfaces of one host, or
 * to two routers that both lead on (RFC 2992). A link without addresses says nothing.
 */
function checkMac(group: Group, { macHigh, macLow, ttl }: Fragment): void {
  if (macHigh < 0 || group.macHigh < 0) return;
  const hop = ttl === group.ttl ? '' : ', on another hop';
  const got = macText(macHigh, macLow);
  const want = macText(group.macHigh, group.macLow);
  group.note('destination-mac-differs', `destination MAC got ${got}, fragment #1 has ${want}${hop}`, {
    of: 'destination MAC',
    octets: got.replaceAll(':', ''),
    mark: [0, 6],
  });
}

function macText(high: number, low: number): string {
  const octets = new Uint8Array(6);
  const view = new DataView(octets.buffer);
  view.setUint16(0, high);
  view.setInt32(2, low);
  return formatMac(octets);
}

/** `summary` is that of the fragment's own octets. */
function placeOverlap(group: Group, fragment: Fragment, end: number): void {
  const { offset, data, captured } = fragment;
  const pieces = group.extents.covered(offset, end);
  const differ = group.cuts.length === 0 && differs(group, fragment, pieces);
  group.overlaps++;
  if (differ) group.conflicts++;
  const text = `${overlapFault(group, offset, end, pieces)}, data ${differ ? 'conflicting' : 'equal'})`;
  wrong(group, fragment, differ ? 'fragment-conflict' : 'fragment-overlap', text, 'offset');
  record(group, fragment);
  let from = offset;
  const capturedEnd = offset + captured;
  for (let i = 0; i <= pieces.length; i += 2) {
    const to = Math.min(pieces[i] ?? end, capturedEnd);
    if (to > from) group.buffer!.bytes.set(fragment.bytes.subarray(data + from - offset, data + to - offset), from);
    from = pieces[i + 1] ?? end;
  }
}

function overlapFault(group: Group, offset: number, end: number, pieces: readonly number[]): string {
  const start = pieces[0]!;
  const ranges = Array.from({ length: pieces.length / 2 }, (_, i) => `${pieces[2 * i]}–${pieces[2 * i + 1]}`);
  const shown = ranges.slice(0, MOST_RANGES).join(' and ');
  const where = `(overlaps octets ${shown}${ranges.length > MOST_RANGES ? ' and more' : ''}`;
  return start === offset
    ? `fragOff got ${offset >>> 3}, want ${Math.ceil(group.extents.rangeEnd(offset) / 8)} ${where}`
    : `end got ${end}, want at most ${start} ${where}`;
}

/** Whether the octets that are already there are others than the fragment's. */
function differs(group: Group, fragment: Fragment, pieces: readonly number[]): boolean {
  const there = group.buffer!.bytes;
  const { bytes, data, offset, captured } = fragment;
  for (let i = 0; i < pieces.length; i += 2) {
    const end = Math.min(pieces[i + 1]!, offset + captured);
    for (let at = pieces[i]!; at < end; at++) {
      if (there[at] !== bytes[data + at - offset]) return true;
    }
  }
  return false;
}

/** What the fragment says about where the datagram ends. */
function checkEnd(group: Group, fragment: Fragment, end: number): void {
  if (fragment.len === 0) wrong(group, fragment, 'fragment-empty', 'length got 0, want at least 1', 'length');
  if (fragment.more) {
    if (fragment.len % 8 !== 0)
      wrong(group, fragment, 'fragment-length', `length got ${fragment.len}, want a multiple of 8`, 'length');
    if (group.total >= 0 && end > group.total) pastEnd(group, fragment, end);
    return;
  }
  if (group.total < 0) {
    group.total = end;
    group.totalFrom = group.seen;
    const placed = group.extents.end;
    if (placed <= end) return;
    const text = `end of the datagram got ${end}, want at least ${placed}, where other fragments end`;
    wrong(group, fragment, 'fragment-end-differs', text, 'offset');
  } else if (group.total !== end) {
    const text = `end of the datagram got ${end}, want ${group.total} as fragment #${group.totalFrom} says`;
    wrong(group, fragment, 'fragment-end-differs', text, 'offset');
  }
}

function pastEnd(group: Group, fragment: Fragment, end: number): void {
  const where = `where fragment #${group.totalFrom} ends the datagram`;
  wrong(group, fragment, 'fragment-past-end', `end got ${end}, want at most ${group.total}, ${where}`, 'offset');
}

/** Something wrong with where the fragment lies, and the field of its header that says so. */
function wrong(group: Group, fragment: Fragment, code: Code, text: string, field: 'offset' | 'length'): void {
  if (!group.findings.keeps('mismatch')) {
    group.mismatch(code, text);
    return;
  }
  const { family, view, header, data } = fragment;
  const len = data - header;
  const at = field === 'length' ? (family === 4 ? 2 : 4) : family === 4 ? 6 : len - FRAGMENT_HEADER_LEN + FRAG_OFF;
  const of = family === 4 ? 'IPv4 header' : 'IPv6 headers';
  group.mismatch(code, text, evidence(of, view, header, len, [at, at + 2]));
}

function room(group: Group, end: number, buffers: BufferPool): void {
  if (group.buffer === undefined) group.buffer = buffers.take(end);
  else if (group.buffer.bytes.length < end) group.buffer = buffers.grow(group.buffer, end);
}

function noteCut(group: Group, fragment: Fragment): void {
  const { offset, captured, len } = fragment;
  if (group.cuts.length < MOST_CUTS) group.cuts.push(offset + captured, offset + len);
  if (fragment.shortOnWire) group.shortOnWire = true;
  else group.note('cut-by-capture', `cut by the capture (snaplen): ${captured} of ${len} octets`);
}
