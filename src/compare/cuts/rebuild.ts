import { fragmentHeaderAt, type Place, placed, placeOf, repaired, udpOffset, viewOf } from '../../faults/packet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { DESTINATION_OPTIONS, ROUTING } from '../../wire/ipv6-extension.js';
import * as udp from '../../wire/udp.js';
import { type CutPacket, concat } from './packet.js';

/** The whole packet cut into pieces of so many octets of IP payload, under the ident that it had. */
export function cutAt(whole: CutPacket, sizes: readonly number[], ident: number): CutPacket[] {
  let offset = 0;
  return sizes.map((len, i) => {
    const payload = whole.payload.subarray(offset, offset + len);
    const place: Place = { offset, more: i < sizes.length - 1, ident };
    offset += len;
    return placed(whole, { ...place, payload });
  });
}

/** Pieces of `gsoSize` as long as there is more, and what is left. */
export function evenly(len: number, gsoSize: number): number[] {
  const full = Math.max(0, Math.ceil(len / gsoSize) - 1);
  return [...Array<number>(full).fill(gsoSize), len - full * gsoSize];
}

/** The ident of the fragments so far; 0 where there are none. */
export function identOf([first]: readonly CutPacket[]): number {
  return first === undefined ? 0 : placeOf(first).ident;
}

/** The packets with another UDP checksum in the first. */
export function withUdpChecksum(packets: readonly CutPacket[], checksum: number): CutPacket[] {
  return packets.map((packet) => {
    const at = udpOffset(packet);
    if (at < 0) return packet;
    const payload = packet.payload.slice();
    udp.setChecksum(viewOf(payload), at, checksum);
    return { ...packet, payload };
  });
}

/** The packets with another header each: lengths and IPv4 checksums follow. */
export function withHeaders(packets: readonly CutPacket[], change: (view: DataView, i: number) => void): CutPacket[] {
  return packets.map((packet, i) => {
    const header = packet.header.slice();
    change(viewOf(header), i);
    return repaired({ ...packet, header });
  });
}

/** The IPv4 packet with other options; lengths and checksum follow. */
export function withOptions(packet: CutPacket, options: Uint8Array): CutPacket {
  const header = concat([packet.header.subarray(0, ipv4.HEADER_LEN), options]);
  ipv4.setHeaderLen(viewOf(header), 0, header.length);
  return repaired({ ...packet, header });
}

export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/**
 * The packet as the kernel's `ip6_find_1stfragopt` parts it: all extension headers in front, through destination options too
 * where no routing header stands before them.
 */
export function kernelPerFragment(whole: CutPacket): CutPacket {
  const { header, payload } = whole;
  const at = udpOffset(whole);
  const octets = concat([header, payload]);
  let end: number = ipv6.HEADER_LEN;
  let routed = false;
  for (let next = octets[ipv6.NEXT_HEADER]!; end < header.length + at; ) {
    if (next === DESTINATION_OPTIONS && routed) break;
    routed ||= next === ROUTING;
    next = octets[end]!;
    end += 8 * (octets[end + 1]! + 1);
  }
  return { ...whole, header: octets.subarray(0, end), payload: octets.subarray(end) };
}

/** Octets of the header in front of each fragment's piece, the IPv6 fragment header counted in. */
export function fragmentHeaderLen({ family, header }: CutPacket): number {
  return header.length + (family === 6 && fragmentHeaderAt(header) < 0 ? 8 : 0);
}
