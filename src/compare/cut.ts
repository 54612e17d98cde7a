import type { Run } from '../verify/sighting.js';
import type { DatagramVerdict } from '../verify/verdict.js';
import * as ipv4 from '../wire/ipv4.js';
import type { Difference } from './difference.js';
import type { ExpectedDatagram } from './expected.js';

/** Octets of it: the MTU of whoever cut may be up to 7 more, for pieces are multiples of 8. */
const LARGEST = 'largest packet';

/** Where a datagram of `len` octets of IP payload is cut: pieces of `gsoSize`, and what is left. */
export function evenSizes(len: number, gsoSize: number): Run[] {
  return runs(len, gsoSize, gsoSize);
}

/**
 * Where the kernel's IPv4 cuts what an ordinary UDP socket sends: as everybody, but that the last piece may fill the MTU to
 * the octet (`__ip_append_data`: "datalen > mtu - fragheaderlen").
 */
export function kernelSizes4(len: number, mtu: number, headerLen: number): Run[] {
  const room = mtu - headerLen;
  return runs(len, room & ~7, room);
}

/** Pieces of `gsoSize` as long as more than `room` is left. */
function runs(len: number, gsoSize: number, room: number): Run[] {
  const full = Math.max(0, Math.ceil((len - room) / gsoSize));
  const rest = len - full * gsoSize;
  if (full === 0) return [[rest, 1]];
  return rest === gsoSize
    ? [[gsoSize, full + 1]]
    : [
        [gsoSize, full],
        [rest, 1],
      ];
}

/** How the packets of a datagram that came whole are not those that were sent; none where they are. */
export function cutDifferences(expected: ExpectedDatagram, verdict: DatagramVerdict): Difference[] {
  const { fragments, sizes, mtu, headers } = expected;
  const { seen } = verdict;
  if (sizes !== undefined && seen !== undefined && headers?.df !== true && verdict.family === 4) {
    const sent = headerLenOf(expected) + Math.max(...sizes.map(([octets]) => octets));
    if (seen.largest < sent && verdict.fragments > packetsOf(sizes)) return [cutAgain(sent, seen.largest)];
  }
  const differences: Difference[] = [];
  if (fragments !== undefined && fragments !== verdict.fragments) {
    differences.push(differ('fragments', `${fragments}`, `${verdict.fragments}`));
  } else if (sizes !== undefined && seen !== undefined && sizesText(sizes) !== sizesText(seen.sizes)) {
    differences.push(differ('sizes', sizesText(sizes), sizesText(seen.sizes)));
  }
  if (mtu !== undefined && seen !== undefined && seen.largest > mtu) {
    differences.push(differ(LARGEST, `at most ${mtu}`, `${seen.largest}`));
  }
  return differences;
}

/** A router with a smaller MTU behind it cuts again what may be cut (RFC 791 3.2); over IPv6 none does. */
export function cutAgain(from: number, to: number): Difference {
  return { field: LARGEST, from: `${from}`, to: `${to}`, onTheWay: true };
}

function differ(field: string, from: string, to: string): Difference {
  return { field, from, to, onTheWay: false };
}

function headerLenOf({ headers }: ExpectedDatagram): number {
  return ipv4.HEADER_LEN + (headers?.options?.length ?? 0) / 2;
}

export function packetsOf(sizes: readonly Run[]): number {
  return sizes.reduce((sum, [, times]) => sum + times, 0);
}

/** `44 × 1480, 395`. */
function sizesText(sizes: readonly Run[]): string {
  return sizes.map(([octets, times]) => (times === 1 ? `${octets}` : `${times} × ${octets}`)).join(', ');
}
