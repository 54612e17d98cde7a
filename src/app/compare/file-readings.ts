import { assembled, type CutPacket, joined } from '../../compare/cuts/packet.js';
import { endOf, placeOf, udpOffset } from '../../faults/packet.js';
import { Extents } from '../../verify/reassembly/extents.js';
import * as udp from '../../wire/udp.js';

/** What the fragments may be taken for: the payload, and whether all of it is there, so that its checksum can be told. */
export interface Reading {
  readonly payload: Uint8Array;
  readonly whole: boolean;
}

/**
 * As the offsets have it, and as many octets as UDP says where that is another number; where there are holes, behind each other
 * if no octet is missing: an offset is wrong then. None where octets are missing.
 *
 * @param sorted by offset, the first of them with its UDP header
 */
export function readingsOf(sorted: readonly CutPacket[], complete: boolean, said: number): Reading[] {
  const upper = udpOffset(sorted[0]!) + udp.HEADER_LEN;
  if (!complete) {
    const payload = joined(sorted).subarray(upper);
    return payload.length === said ? [{ payload, whole: true }] : [];
  }
  const end = Math.max(...sorted.map(endOf));
  const all: Reading[] = [{ payload: assembled(sorted, end).subarray(upper), whole: true }];
  if (end !== upper + said && sorted.length > 1) {
    all.push({ payload: assembled(sorted, upper + said).subarray(upper), whole: false });
  }
  return all;
}

/** Octets of IP payload that are not there, the last hole without an end where no last fragment is. */
export function holesOf(packets: readonly CutPacket[]): [number, number | null][] {
  const extents = new Extents();
  for (const packet of packets) extents.add(placeOf(packet).offset, endOf(packet));
  return extents.holes(packets.some((packet) => !placeOf(packet).more) ? extents.end : -1);
}
