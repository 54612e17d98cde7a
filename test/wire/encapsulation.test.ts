import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isCarried, mayHidePackets, unknownName } from '../../src/wire/encapsulation.js';
import { networkLayer } from '../../src/wire/link-layer.js';
import { NetworkLayer, type UnknownKind } from '../../src/wire/network-layer.js';
import { hex, viewOf } from './helpers.js';

const ETHERNET = 1;
const MACS = '02005e005302 02005e005301';
const IPV4 = '4500001c00010000401166cf7f0000017f000001';
const IPV6 = `60000000000811ff${'00'.repeat(15)}01${'00'.repeat(15)}01`;
const MARGIN = 3;
const out = new NetworkLayer();

/** An Ethernet frame, from its EtherType on, within other octets. */
function look(text: string, caplen?: number): NetworkLayer {
  const frame = hex(`${MACS} ${text}`);
  const view = viewOf(Uint8Array.from([0xff, 0xff, 0xff, ...frame, 0xff, 0xff]));
  networkLayer(view, MARGIN, caplen ?? frame.length, ETHERNET, out);
  return out;
}

/** What stands in front of an IP header, its layers, and which octet of the frame the innermost MAC address begins at. */
const CARRIED: readonly (readonly [head: string, via: string, mac?: number])[] = [
  ['0800', ''],
  ['86dd', ''],
  ['8100 0064 0800', 'vlan 100'],
  ['8100 e064 86dd', 'vlan 100'],
  ['8100 1fff 0800', 'vlan 4095'],
  ['8100 e000 0800', ''], // id 0: a priority alone
  ['88a8 0001 8100 0002 9100 0003 0800', 'vlan 1.2.3'],
  ['8847 00010140 ', 'mpls 16'],
  ['8848 fffff140 ', 'mpls 1048575'],
  ['8847 00010e00 00011040 00012140', 'mpls 16.17.18'], // S is one bit of what stands behind the label
  ['8847 00010040 00007040 abcde140', 'mpls 16'], // RFC 6790: a label behind number 7 spreads load
  ['8847 00007040 00007040 00007040 00010040 00011140', 'mpls 17'],
  ['8847 00007040 00007040 00010140', 'mpls 16'],
  ['88e7 00000042 020000000003 020000000004 0800', '802.1ah 66', 18],
  ['88e7 fcffffff 020000000003 020000000004 8100 0005 86dd', '802.1ah 16777215 > vlan 5', 18],
  ['6558 020000000003 020000000004 0800', '', 14],
];

describe('what an Ethernet frame carries', () => {
  for (const [head, via, mac = 0] of CARRIED) {
    it(`${head.trim()}: IP behind ${via || 'nothing'}`, () => {
      const headLen = 12 + hex(head).length;
      for (const [packet, family] of [
        [IPV4, 4],
        [IPV6, 6],
      ] as const) {
        if (head.endsWith(family === 4 ? '86dd' : '0800')) continue;
        const { ok, offset, len, end, layers } = look(head + packet);
        const packetLen = packet.length / 2;
        assert.deepEqual([ok, out.family, offset - MARGIN, len], [true, family, headLen, packetLen]);
        assert.deepEqual([end - MARGIN, layers.text(), out.mac - MARGIN, out.why], [headLen + packetLen, via, mac, '']);
        for (let caplen = 0; caplen < headLen; caplen++) {
          look(head + packet, caplen);
          assert.deepEqual([out.ok, out.family, out.len, out.why], [false, 0, 0, 'truncated'], `cut at ${caplen}`);
        }
      }
    });
  }

  it('PPPoE sessions: a length that counts the PPP protocol, of two octets or one (RFC 2516 §4, RFC 1661 §6.5)', () => {
    for (const [ppp, packet, via] of [
      ['0021', IPV4, 'pppoe 258'],
      ['0057', IPV6, 'pppoe 258'],
      ['21', IPV4, 'pppoe 258'],
      ['57', IPV6, 'pppoe 258'],
      ['0281 00010140', IPV4, 'pppoe 258 > mpls 16'],
      ['0283 00010140', IPV6, 'pppoe 258 > mpls 16'],
    ] as const) {
      const head = hex(ppp).length;
      const len = (head + packet.length / 2).toString(16).padStart(4, '0');
      look(`8864 1100 0102 ${len} ${ppp} ${packet} 000000000000`);
      assert.deepEqual(
        [out.ok, out.offset - MARGIN, out.len, out.layers.text()],
        [true, 20 + head, packet.length / 2, via],
      );
      look(`8864 1100 0102 ffff ${ppp} ${packet}`);
      assert.equal(out.len, packet.length / 2, 'no longer than the frame');
      for (let caplen = 0; caplen < 20 + head; caplen++)
        assert.equal(look(`8864 1100 0102 ${len} ${ppp}45`, caplen).why, 'truncated');
    }
    look('8864 1100 0001 0001 00 2145');
    assert.deepEqual([out.ok, out.why], [false, 'truncated'], 'a length without room for the protocol');
  });

  it('LLC behind a length of 1500 at most, whose padding is no part of it (IEEE 802.3 §3.2.6, RFC 1042)', () => {
    for (const [llc, via] of [
      ['aaaa03 000000 0800', 'snap'],
      ['aaaa03 0000f8 0800', 'snap'],
      ['aaaa03 000000 8100 0007 0800', 'snap > vlan 7'],
      ['060603', ''], // RFC 948
    ] as const) {
      const head = hex(llc).length;
      look(`${(head + 20).toString(16).padStart(4, '0')} ${llc} ${IPV4} 000000000000`);
      assert.deepEqual([out.ok, out.offset - MARGIN, out.len, out.layers.text()], [true, 14 + head, 20, via], llc);
      look(`05dc ${llc} ${IPV4}`);
      assert.deepEqual([out.ok, out.len], [true, 20]);
      for (let caplen = 0; caplen < 14 + head; caplen++) assert.equal(look(`0040 ${llc}45`, caplen).why, 'truncated');
      assert.equal(
        look(`${(head - 1).toString(16).padStart(4, '0')} ${llc} ${IPV4}`).why,
        'truncated',
        'a length too short',
      );
    }
    assert.ok(look(`000b 060603 ${IPV6}`).family === 6);
  });

  it('something else, which is named', () => {
    for (const [head, name, value] of [
      ['0806', 'ethertype 0x0806', 0x0806],
      ['8903', 'ethertype 0x8903', 0x8903],
      ['05dd', 'ethertype 0x05dd', 1501],
      ['8100 0001 0806', 'ethertype 0x0806', 0x0806],
      ['0010 424203', 'llc 0x42', 0x42],
      ['0010 fefe03', 'llc 0xfe', 0xfe],
      ['0010 040403', 'llc 0x04', 4],
      ['0010 aaaa03 00000c 0800', 'llc 0xaa', 0xaa],
      ['0010 aaaa03 010000 0800', 'llc 0xaa', 0xaa],
      ['0010 aaab03 000000 0800', 'llc control 3', 3],
      ['0010 aaaa13 000000 0800', 'llc control 19', 0x13],
      ['0010 060703 45', 'llc control 3', 3],
      ['0010 060602 45', 'llc control 2', 2],
      ['0010 060603 55', 'ip version 5', 5],
      ['8847 00010140 15', 'mpls label 16', 16],
      ['8864 2100 0001 0020 0021', 'pppoe 8448', 0x2100],
      ['8864 1200 0001 0020 0021', 'pppoe 4608', 0x1200],
      ['8864 1101 0001 0020 0021', 'pppoe 4353', 0x1101],
      ['8864 1100 0001 0020 c021', 'ppp 0xc021', 0xc021],
      ['8864 1100 0001 0020 2d21', 'ppp 0x002d', 0x2d],
      ['88e7 01000042', '802.1ah 1', 1],
      ['88e7 02000042', '802.1ah 2', 2],
      ['88e7 ff000042', '802.1ah 255', 255],
    ] as const) {
      look(`${head} ${IPV4}`);
      assert.deepEqual([out.ok, out.family, out.len, out.why], [false, 0, 0, 'not-ip'], head);
      assert.deepEqual([unknownName(out), out.value], [name, value], head);
    }
  });

  it('tags, labels and tunnels, but no more than 32 of them', () => {
    const tags = (count: number): string => '8100 0001'.repeat(count);
    look(`${tags(32)} 0800 ${IPV4}`);
    assert.deepEqual([out.ok, out.layers.depth, out.offset - MARGIN], [true, 32, 14 + 4 * 32]);
    look(`${tags(33)} 0800 ${IPV4}`);
    assert.deepEqual(
      [out.ok, out.why, unknownName(out), out.unknown, out.value],
      [false, 'not-ip', 'nested too deep', 'depth', 0],
    );
    assert.equal(look(`${'8100 0000'.repeat(40)} 0800 ${IPV4}`).ok, true, 'a priority alone is no network');
    for (const [deep, one] of [
      ['8847', '00010040'],
      ['88e7', `00000001 ${MACS} 88e7`],
    ] as const)
      assert.equal(unknownName(look(`${deep} ${one.repeat(40)} ${IPV4}`)), 'nested too deep');
    assert.equal(unknownName(look(`${tags(32)} 8864 1100 0001 0020 0021 ${IPV4}`)), 'nested too deep');
    assert.equal(unknownName(look(`${tags(32)} 0040 aaaa03 000000 0800 ${IPV4}`)), 'nested too deep');
  });

  it('nothing, as long as nobody has looked', () => {
    const { layers, ...fields } = new NetworkLayer();
    assert.deepEqual(fields, {
      ...{ ok: false, family: 0, offset: 0, len: 0, why: '', unknown: 'ethertype', value: 0, mac: -1, next: 0, end: 0 },
    });
    assert.deepEqual([layers.key, layers.depth, layers.text(), layers.tunnel], [0, 0, '', undefined]);
  });
});

describe('what is not read', () => {
  const hides = (unknown: UnknownKind, value: number): boolean =>
    mayHidePackets(Object.assign(out, { unknown, value }));
  const all = (count: number): number[] => Array.from({ length: count }, (_, value) => value);
  /** EtherTypes of the IEEE's registry that are no network's. */
  const ALONE = [
    ...[0x0806, 0x8035], // ARP, RARP
    ...[0x8808, 0x8809, 0x888e, 0x88cc, 0x8902, 0x9000], // flow control, slow protocols, 802.1X, LLDP, CFM, loopback
    ...[0x88e3, 0x88f5, 0x88f6, 0x88f7], // MRP of IEC 62439-2, MVRP, MMRP, PTP
    ...[0x22f0, 0x8892, 0x88a4, 0x88b8, 0x88ba], // AVTP, PROFINET, EtherCAT, GOOSE, sampled values
    0x8863, // PPPoE discovery
  ].sort((a, b) => a - b);

  it('may hide packets, unless it is known to carry none', () => {
    assert.deepEqual(
      all(0x1_0000).filter((value) => !hides('ethertype', value)),
      ALONE,
    );
    assert.deepEqual(
      all(0x100).filter((value) => !hides('llc', value)),
      [0x42, 0xe0, 0xf0, 0xfe], // spanning tree, IPX, NetBIOS, IS-IS
    );
    assert.deepEqual(
      all(0x1_0000).findIndex((value) => !hides('ppp', value)),
      0x8000, // RFC 1661 §2: control protocols are above
    );
    for (const kind of ['gre protocol', 'gre version', 'mpls label', 'pppoe', 'depth', 'link type'] as const)
      assert.ok(hides(kind, 0x0806), kind);
  });

  it('is told from what carries packets by the EtherType', () => {
    const carriers = [0x0800, 0x86dd, 0x6558, 0x8100, 0x88a8, 0x9100, 0x8847, 0x8848, 0x8864, 0x88e7];
    assert.deepEqual(
      all(0x1_0000).filter(isCarried),
      [...carriers, ...ALONE].sort((a, b) => a - b),
    );
  });

  it('has a name with its number, hexadecimal where registries have it so', () => {
    const name = (unknown: UnknownKind, value: number): string => unknownName(Object.assign(out, { unknown, value }));
    assert.equal(name('ethertype', 0x88), 'ethertype 0x0088');
    assert.equal(name('ppp', 0x21), 'ppp 0x0021');
    assert.equal(name('gre protocol', 0x880b), 'gre protocol 0x880b');
    assert.equal(name('gre checksum', 0xabc), 'gre checksum 0x0abc');
    assert.equal(name('llc', 0xe), 'llc 0x0e');
    assert.equal(name('address family', 17), 'address family 17');
    assert.equal(name('link type', 105), 'link type 105');
    assert.equal(name('depth', 0), 'nested too deep');
  });
});
