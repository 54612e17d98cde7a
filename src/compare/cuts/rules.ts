import { hasFragmentHeader, placed, placeOf, udpOffset, viewOf, withFragmentHeader } from '../../faults/packet.js';
import * as ipv6 from '../../wire/ipv6.js';
import type { Made, Reference } from './cause.js';
import { byOffset } from './differences.js';
import { type CutPacket, concat } from './packet.js';
import { cutAt, evenly, fragmentHeaderLen, identOf, kernelPerFragment, withHeaders } from './rebuild.js';

export function atomicFragment(
  { whole, packets }: Made,
  { family }: Reference,
  got: readonly CutPacket[],
): Made | null {
  const [packet] = packets;
  if (family !== 6 || packets.length !== 1 || got.length !== 1 || !hasFragmentHeader(got[0]!)) return null;
  return { whole, packets: [withFragmentHeader(packet!, identOf(got))] };
}

/** Counting idents of IPv4 pass through 0 (`ip_idents_reserve`); those of IPv6 never are (`ipv6_select_ident`). */
export function ownIdent(made: Made, { family }: Reference, got: readonly CutPacket[]): Made | null {
  const ident = identOf(got);
  if (!got.every((packet) => hasFragmentHeader(packet) && placeOf(packet).ident === ident)) return null;
  if (ident === 0 && family === 6 && got.length > 1) return null;
  return { ...made, packets: made.packets.map((one) => (hasFragmentHeader(one) ? placed(one, { ident }) : one)) };
}

export function ownFlowLabel({ whole, packets }: Made, { family }: Reference, got: readonly CutPacket[]): Made | null {
  if (family !== 6) return null;
  const labels = new Set(got.map(({ header }) => ipv6.getFlowLabel(viewOf(header), 0)));
  if (labels.size !== 1) return null;
  const [label] = labels;
  const set = (view: DataView): void => ipv6.setClassAndFlow(view, 0, ipv6.getTrafficClass(view, 0), label!);
  return { whole: withHeaders([whole], set)[0]!, packets: withHeaders(packets, set) };
}

export function unroundedLast({ whole, packets }: Made, { family, mtu }: Reference): Made | null {
  const [before, last] = packets.slice(-2);
  if (family !== 4 || last === undefined || before === undefined) return null;
  const sizes = packets.map(({ payload }) => payload.length);
  const len = before.payload.length + last.payload.length;
  if (fragmentHeaderLen(whole) + len > mtu) return null;
  return { whole, packets: cutAt(whole, [...sizes.slice(0, -2), len], identOf(packets)) };
}

export function repeatedDestinationOptions({ whole, packets }: Made, { family, mtu }: Reference): Made | null {
  if (family !== 6 || packets.length < 2 || udpOffset(whole) <= 0) return null;
  const parted = kernelPerFragment(whole);
  if (parted.header.length === whole.header.length) return null;
  const gsoSize = (mtu - fragmentHeaderLen(parted)) & ~7;
  return { whole: parted, packets: cutAt(parted, evenly(parted.payload.length, gsoSize), identOf(packets)) };
}

/** `offset += ntohs(payload_len) - sizeof(struct frag_hdr)`: the extension headers of every segment are counted too. */
export function miscountedExtensions({ whole, packets }: Made, { family }: Reference): Made | null {
  const upper = udpOffset(whole);
  const gsoSize = packets[0]?.payload.length ?? 0;
  const between = whole.header.length + upper - ipv6.HEADER_LEN;
  if (family !== 6 || packets.length < 2 || upper < 0 || between === 0) return null;
  const parted = kernelPerFragment(whole);
  const repeated = parted.payload.subarray(0, udpOffset(parted));
  const datagram = parted.payload.subarray(repeated.length);
  const ident = identOf(packets);
  let at = 0;
  const pieces = evenly(datagram.length, gsoSize).map((len, i, all) => {
    const payload = concat([repeated, datagram.subarray(at, at + len)]);
    const offset = at + i * between;
    at += len;
    return placed(parted, { offset, more: i < all.length - 1, ident, payload });
  });
  return { whole: parted, packets: pieces };
}

export function otherOrder({ whole, packets }: Made, _reference: Reference, got: readonly CutPacket[]): Made | null {
  if (packets.length !== got.length) return null;
  const sorted = byOffset(packets);
  const places = byOffset(got);
  return { whole, packets: got.map((one) => sorted[places.indexOf(one)]!) };
}

export function notCutYet({ whole, packets }: Made, { mtu }: Reference, got: readonly CutPacket[]): Made | null {
  const [only] = got;
  if (got.length !== 1 || packets.length < 2 || only === undefined) return null;
  return only.header.length + only.payload.length > mtu ? { whole, packets: [whole] } : null;
}
