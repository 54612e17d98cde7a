import { readFileSync } from 'node:fs';
import { CaptureReader } from '../../src/wire/capture-reader.js';
import { frameData } from '../../src/wire/frame.js';
import { cuts, type Flow, flow4, flow6, fragment, fragments, pattern, udpPacket, whole } from './build.js';
import { hex, join, length16, MACS } from './wraps.js';

const payload = pattern(60);

const fours = fragments(flow4, udpPacket(flow4, payload), 24);
const sixes = fragments(flow6, udpPacket(flow6, payload), 24);

/** Ethernet frames of right datagrams, by what their headers are. */
export const SAMPLES: Readonly<Record<string, readonly Uint8Array[]>> = {
  'ipv4 whole': [ethernet(whole(flow4, udpPacket(flow4, payload)))],
  'ipv4 fragments': fragments(flow4, udpPacket(flow4, payload), 24).map((one) => ethernet(one)),
  'ipv4 without checksum': [ethernet(whole(flow4, unsummed(udpPacket(flow4, payload))))],
  'ipv4 options': cuts(68, 24).map((piece) =>
    // A router alert, which is copied, and NOPs; a timestamp in the first alone.
    ethernet(
      fragment(flow4, udpPacket(flow4, payload), piece, {
        options: hex(piece.offset === 0 ? '94040000 4408050000000000' : '94040000 0101010101010101'),
      }),
    ),
  ),
  'ipv6 whole': [ethernet(whole(flow6, udpPacket(flow6, payload)))],
  'ipv6 fragments': fragments(flow6, udpPacket(flow6, payload), 24).map((one) => ethernet(one)),
  'ipv6 extension headers': cuts(68, 24).map((piece) =>
    // Hop-by-hop with a router alert, a routing header that is used up, the fragment header.
    ethernet(
      fragment(flow6, udpPacket(flow6, payload), piece, {
        extensions: { nextHeader: 0, octets: hex('2b00 0502 0000 0100 2c00 0400 00000000') },
      }),
    ),
  ),
  'vlan whole': [ethernet(whole(flow4, udpPacket(flow4, payload)), '8100 6064')],
  'vlan fragments': fragments(flow6, udpPacket(flow6, payload), 24).map((one) => ethernet(one, '88a8 0064 8100 00c8')),
  'ipv4 in ipv6': [ethernet(carried({ ...flow6, protocol: 4 }, whole(flow4, udpPacket(flow4, payload))))],
  'ipv6 in ipv4': [ethernet(carried({ ...flow4, protocol: 41 }, whole(flow6, udpPacket(flow6, payload))))],
  gre: [ethernet(carried({ ...flow4, protocol: 47 }, hex('0000 86dd'), whole(flow6, udpPacket(flow6, payload))))],
  'gre with a key': sixes.map((one) => ethernet(carried({ ...flow4, protocol: 47 }, hex('2000 86dd 00000007'), one))),
  'mpls whole': [behind('8847', hex('00010040 00020140'), whole(flow4, udpPacket(flow4, payload)))],
  'mpls fragments': fours.map((one) => behind('8847', hex('00010040 00020140'), one)),
  'pppoe fragments': fours.map((one) => behind('8864', hex('1100 0007'), length16(one.length + 2), hex('0021'), one)),
  'snap fragments': sixes.map((one) => behind(length16(one.length + 8), hex('aaaa03 000000 86dd'), one)),
  'mac in mac fragments': fours.map((one) => behind('88e7', hex('00000009'), ethernet(one))),
  'ipv4 in ipv4 fragments': fours.map((one) => ethernet(carried({ ...flow4, protocol: 4 }, one))),
  'geneve fragments': fours.map((one) => ethernet(geneve(hex('0100 6558 00000900 01020001'), ethernet(one)))),
  'case c02': ofCase('c02-udp-shorter-than-ip'),
  'case c14': ofCase('c14-padding-fcs.fcsbits'),
  vxlan: [
    ethernet(
      whole(
        flow4,
        udpPacket(
          flow4,
          join(hex('08000000 00002a00'), ethernet(whole(flow6, udpPacket(flow6, payload)))),
          [50_000, 4789],
        ),
      ),
    ),
  ],
  'case c01': ofCase('c01-vlan-same-id'),
  'case c41': ofCase('c41-ip-checksum-zero'),
  'case c53': ofCase('c53-atomic'),
  ...Object.fromEntries(ofCase('c55-source-routes').map((one, i) => [`case c55, ${i + 1}`, [one]])),
};

function ethernet(packet: Uint8Array, tags = ''): Uint8Array {
  return join(MACS, hex(tags), hex(packet[0]! >> 4 === 4 ? '0800' : '86dd'), packet);
}

/** What stands behind the MACs: an EtherType or a length first. */
function behind(type: string | Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return join(MACS, typeof type === 'string' ? hex(type) : type, ...parts);
}

function geneve(header: Uint8Array, inner: Uint8Array): Uint8Array {
  return whole(flow4, udpPacket(flow4, join(header, inner), [50_000, 6081]));
}

function carried(flow: Flow, ...inner: readonly Uint8Array[]): Uint8Array {
  return whole(flow, join(...inner));
}

function unsummed(packet: Uint8Array): Uint8Array {
  return packet.fill(0, 6, 8);
}

function ofCase(name: string): Uint8Array[] {
  const file = new URL(`../../../test/cases/${name}.pcap`, import.meta.url);
  return new CaptureReader().push(new Uint8Array(readFileSync(file))).map((frame) => frameData(frame).slice());
}
