import { sumOctets } from '../../src/wire/checksum.js';
import type { Frame } from '../../src/wire/frame.js';
import { LINKTYPE_ETHERNET } from '../../src/wire/link-layer.js';
import { type Flow, flow4, flow6, frame, udpPacket, whole } from './build.js';

export const MACS = Uint8Array.of(2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1);
export const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** Not a Buffer, whose `slice` copies nothing. */
export const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
export const ethernet = (octets: Uint8Array): Frame => ({ ...frame(join(MACS, octets)), linktype: LINKTYPE_ETHERNET });

export const outer4: Flow = { ...flow4, source: hex('cb007101'), destination: hex('cb007102'), ident: 99 };
export const outer6: Flow = {
  ...flow6,
  source: hex(`20010db800ff${'00'.repeat(9)}01`),
  destination: hex(`20010db800ff${'00'.repeat(9)}02`),
};
export const etherType = (family: 4 | 6): Uint8Array => hex(family === 4 ? '0800' : '86dd');
export const carry = (outer: Flow, protocol: number, octets: Uint8Array): Uint8Array =>
  whole({ ...outer, protocol }, octets);
export const udpTo = (port: number, octets: Uint8Array): Uint8Array =>
  carry(outer4, 17, udpPacket(outer4, octets, [50_000, port]));

/** How an inner IP packet of `family` is wrapped into a frame, and the `via` of what is inside. */
export const WRAPS: readonly [via: string, wrap: (inner: Uint8Array, family: 4 | 6) => Frame, outer?: boolean][] = [
  ['vlan 100.200', (inner, family) => ethernet(join(hex('88a8 0064 8100 00c8'), etherType(family), inner))],
  ['mpls 16', (inner) => ethernet(join(hex('8847 00010140'), inner))],
  ['mpls 16.17.18', (inner) => ethernet(join(hex('8847 00010040 00011040 00012140'), inner))],
  ['mpls 16', (inner) => ethernet(join(hex('8847 00010040 00007040 abcde140'), inner))],
  [
    'pppoe 7',
    (inner, family) =>
      ethernet(join(hex('8864 11 00 0007'), length16(inner.length + 2), hex(family === 4 ? '0021' : '0057'), inner)),
  ],
  [
    'snap',
    (inner, family) => ethernet(join(length16(inner.length + 8), hex('aaaa03 000000'), etherType(family), inner)),
  ],
  ['802.1ah 66', (inner, family) => ethernet(join(hex('88e7 00000042'), MACS, etherType(family), inner))],
  [
    'gre',
    (inner, family) => ethernet(join(hex('0800'), carry(outer4, 47, join(hex('0000'), etherType(family), inner)))),
  ],
  ['gre 5', (inner, family) => ethernet(join(hex('0800'), carry(outer4, 47, greWithChecksum(inner, family))))],
  [
    'vxlan 42',
    (inner, family) =>
      ethernet(join(hex('0800'), udpTo(4789, join(hex('08000000 00002a00'), MACS, etherType(family), inner)))),
    true,
  ],
  [
    'vxlan 42', // a group policy, and reserved bits
    (inner, family) =>
      ethernet(join(hex('0800'), udpTo(4789, join(hex('88480007 00002a00'), MACS, etherType(family), inner)))),
    true,
  ],
  [
    'vxlan 42',
    (inner, family) =>
      ethernet(join(hex('0800'), udpTo(4789, join(hex('7f123456 00002aff'), MACS, etherType(family), inner)))),
    true,
  ],
  ['nvgre 4919', (inner, family) => nvgre(family, `00133700`, inner)],
  [
    'geneve 42',
    (inner, family) =>
      ethernet(join(hex('0800'), udpTo(6081, join(hex('003f'), etherType(family), hex('00002aff'), inner)))),
    true,
  ],
  [
    'geneve 43',
    (inner) =>
      ethernet(
        join(
          hex('0800'),
          udpTo(6081, join(hex('0140 6558 00002b00 deadbe00'), MACS, etherType(inner[0]! >>> 4 === 4 ? 4 : 6), inner)),
        ),
      ),
    true,
  ],
  [
    'vlan 9 > vxlan 42',
    (inner, family) =>
      ethernet(
        join(hex('8100 0009 0800'), udpTo(4789, join(hex('08000000 00002a00'), MACS, etherType(family), inner))),
      ),
    true,
  ],
];
/** An Ethernet frame behind a GRE key. */
export function nvgre(family: 4 | 6, key: string, inner: Uint8Array): Frame {
  return ethernet(join(hex('0800'), carry(outer4, 47, join(hex(`2000 6558 ${key}`), MACS, etherType(family), inner))));
}
/** GRE with checksum, key and sequence number. */
export function greWithChecksum(inner: Uint8Array, family: 4 | 6): Uint8Array {
  const packet = join(hex('b000'), etherType(family), hex('00000000 00000005 00000001'), inner);
  new DataView(packet.buffer, packet.byteOffset).setUint16(4, ~sumOctets(packet) & 0xffff);
  return packet;
}
export const length16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);
