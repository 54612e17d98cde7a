import { fieldValues } from '../../faults/fields.js';
import { hasFragmentHeader, placeOf, udpOffset, viewOf } from '../../faults/packet.js';
import { formatAddress } from '../../wire/address.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { FRAGMENT_HEADER_LEN } from '../../wire/ipv6-extension.js';
import * as udp from '../../wire/udp.js';
import type { Difference } from '../difference.js';
import { type CutPacket, joined } from './packet.js';

/** A field of one fragment, or of the datagram, that two cuts have otherwise. */
export interface CutDifference extends Pick<Difference, 'field' | 'from' | 'to'> {
  /** Its place by offset, from 1; 0 for what is about the datagram as a whole. */
  readonly fragment: number;
}

/** By offset; those of one offset as they came. */
export function byOffset(packets: readonly CutPacket[]): CutPacket[] {
  return packets.toSorted((a, b) => placeOf(a).offset - placeOf(b).offset);
}

/** Every field of every fragment that `got` has otherwise than `want`; none where they are equal, octet by octet. */
export function cutDifferences(want: readonly CutPacket[], got: readonly CutPacket[]): CutDifference[] {
  const differences: CutDifference[] = [];
  const add = (fragment: number, field: string, from: string, to: string): void => {
    if (from !== to) differences.push({ fragment, field, from, to });
  };
  const [wanted, came] = [byOffset(want), byOffset(got)];
  add(0, 'packets', `${want.length}`, `${got.length}`);
  if (want.length === got.length) add(0, 'order', orderText(want), orderText(got));
  for (let i = 0; i < Math.min(wanted.length, came.length); i++) {
    const fields = new Map(packetFields(came[i]!));
    for (const [name, value] of packetFields(wanted[i]!)) {
      add(i + 1, name, value, fields.get(name) ?? 'none');
      fields.delete(name);
    }
    for (const [name, value] of fields) add(i + 1, name, 'none', value);
  }
  const octets = joined(wanted);
  came.forEach((packet, i) => {
    const tell = (from: string, to: string): void => add(i + 1, 'data', from, to);
    const place = wanted[i] === undefined ? -1 : placeOf(wanted[i]).offset;
    dataDifference(placeOf(packet).offset === place ? laidOver(octets, wanted[i]!) : octets, packet, tell);
  });
  return differences;
}

/** Every field of a packet but its data, as people read it. */
export function packetFields(packet: CutPacket): (readonly [name: string, value: string])[] {
  const { family, header } = packet;
  const four = family === 4;
  const address = (at: number): string => formatAddress(header, at, family);
  const own = fieldValues(packet).map(([name, value]) => [name, fieldText(name, value, header)] as const);
  const between = header.subarray(
    four ? ipv4.HEADER_LEN : ipv6.HEADER_LEN,
    header.length - (!four && hasFragmentHeader(packet) ? FRAGMENT_HEADER_LEN : 0),
  );
  return [
    ...own,
    ['source', address(four ? ipv4.SOURCE : ipv6.SOURCE)],
    ['destination', address(four ? ipv4.DESTINATION : ipv6.DESTINATION)],
    [four ? 'options' : 'extension-headers', hex(between) || 'none'],
    ...upperFields(packet),
  ];
}

/** What the datagram's own headers say, in its first fragment alone. */
function upperFields(packet: CutPacket): (readonly [string, string])[] {
  const { payload, family } = packet;
  const at = udpOffset(packet);
  if (at < 0) return [];
  const view = viewOf(payload);
  return [
    ...(family === 6 ? [['headers behind', hex(payload.subarray(0, at)) || 'none'] as const] : []),
    ['source-port', `${udp.getSourcePort(view, at)}`],
    ['destination-port', `${udp.getDestinationPort(view, at)}`],
    ['udp-length', `${udp.getLength(view, at)}`],
    ['udp-checksum', hex16(udp.getChecksum(view, at))],
  ];
}

function fieldText(name: string, value: number, header: Uint8Array): string {
  if (name === 'checksum') return checksumText(value, header);
  return name === 'flow-label' ? `0x${value.toString(16)}` : `${value}`;
}

/** A header's checksum follows from the rest: it says something of its own only where it is wrong. */
function checksumText(got: number, header: Uint8Array): string {
  const copy = header.slice();
  ipv4.fillChecksum(viewOf(copy), 0);
  const want = ipv4.getChecksum(viewOf(copy), 0);
  return got === want ? 'right' : `${hex16(got)} (${hex16(want)} is right)`;
}

/** The datagram with a fragment where it says it belongs: one with holes is not its fragments behind each other. */
function laidOver(octets: Uint8Array, packet: CutPacket): Uint8Array {
  const { offset } = placeOf(packet);
  const end = offset + packet.payload.length;
  const out = new Uint8Array(Math.max(octets.length, end));
  out.set(octets);
  out.set(packet.payload, offset);
  return out;
}

/** The first octet behind the UDP header that is not the one which lies there in the datagram. */
function dataDifference(octets: Uint8Array, packet: CutPacket, tell: (from: string, to: string) => void): void {
  const { offset } = placeOf(packet);
  const { payload } = packet;
  const begin = offset === 0 ? udpOffset(packet) + udp.HEADER_LEN : 0;
  const end = Math.min(payload.length, octets.length - offset);
  for (let i = begin; i < end; i++) {
    if (payload[i] === octets[offset + i]) continue;
    tell(`${octetText(octets[offset + i]!)} at octet ${offset + i}`, octetText(payload[i]!));
    return;
  }
  if (offset + payload.length > octets.length) {
    tell(`nothing from octet ${octets.length} on`, `${offset + payload.length - octets.length} octets`);
  }
}

/** `ascending`, `descending`, or the fragments by their places. */
export function orderText(packets: readonly CutPacket[]): string {
  const offsets = packets.map((packet) => placeOf(packet).offset);
  if (offsets.every((offset, i) => i === 0 || offset >= offsets[i - 1]!)) return 'ascending';
  if (offsets.every((offset, i) => i === 0 || offset <= offsets[i - 1]!)) return 'descending';
  const sorted = offsets.toSorted((a, b) => a - b);
  const places = offsets.map((offset) => sorted.indexOf(offset) + 1);
  return places.length > 12 ? `${places.slice(0, 12).join(', ')}, …` : places.join(', ');
}

function octetText(octet: number): string {
  return `0x${octet.toString(16).padStart(2, '0')}`;
}

function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
