import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as link from '../../src/wire/link-layer.js';
import { hex, viewOf } from './helpers.js';

const IPV4 = '4500001c00010000401166cf7f0000017f000001';
const IPV6 = `60000000000811ff${'00'.repeat(15)}01${'00'.repeat(15)}01`;
const MACS = '02005e005302 02005e005301';
const SLL = '0000 0001 0006 02005e005301 0000';
const SLL2 = '0000 00000002 0001 00 06 02005e005301 0000';

/** By the numbers of tcpdump.org/linktypes.html. */
const FRAMES = [
  ['Ethernet, IPv4', 1, `${MACS} 0800`, 4],
  ['Ethernet, IPv6', 1, `${MACS} 86dd`, 6],
  ['VLAN', 1, `${MACS} 8100 0064 86dd`, 6],
  ['QinQ', 1, `${MACS} 88a8 0001 8100 0064 0800`, 4],
  ['raw, IPv4', 101, '', 4],
  ['raw, IPv6', 101, '', 6],
  ['raw of a live capture', 12, '', 6],
  ['IPV4', 228, '', 4],
  ['IPV6', 229, '', 6],
  ['SLL, IPv4', 113, `${SLL} 0800`, 4],
  ['SLL, VLAN, IPv6', 113, `${SLL} 8100 0064 86dd`, 6],
  ['SLL2, IPv4', 276, `0800 ${SLL2}`, 4],
  ['SLL2, VLAN, IPv6', 276, `8100 ${SLL2} 0064 86dd`, 6],
  ['null, little-endian', 0, '02000000', 4],
  ['null, big-endian', 0, '00000002', 4],
  ['null, Linux IPv6', 0, '0a000000', 6],
  ['null, OpenBSD IPv6', 0, '18000000', 6],
  ['null, FreeBSD IPv6', 0, '1c000000', 6],
  ['null, macOS IPv6, big-endian', 0, '0000001e', 6],
  ['loop, IPv4', 108, '00000002', 4],
  ['loop, IPv6', 108, '00000018', 6],
  ['raw of OpenBSD', 14, '', 4],
  ['PPP, IPv4', 9, '0021', 4],
  ['PPP, IPv6, compressed', 9, '57', 6],
  ['PPP, HDLC framing', 9, 'ff03 0057', 6],
  ['PPP, serial', 50, 'ff03 0021', 4],
  ['PPPoE', 51, '1100 0007 0100 0021', 4],
] as const;

describe('networkLayer', () => {
  const out = new link.NetworkLayer();

  for (const [name, linktype, head, family] of FRAMES) {
    it(`finds the IP header: ${name}`, () => {
      const headLen = hex(head).length;
      const packet = family === 4 ? IPV4 : IPV6;
      const frame = hex(`a5a5a5 ${head} ${packet} ffff`);
      assert.ok(link.networkLayer(viewOf(frame), 3, frame.length - 3, linktype, out));
      const { ok, offset, len, why } = out;
      assert.deepEqual([ok, out.family, offset, len, why], [true, family, 3 + headLen, packet.length / 2 + 2, '']);
      for (let caplen = 0; caplen < headLen; caplen++) {
        assert.equal(link.networkLayer(viewOf(frame), 3, caplen, linktype, out), false, `caplen ${caplen}`);
        assert.equal(out.why, 'truncated');
      }
    });
  }

  it('says why there is none', () => {
    const table = [
      [link.LINKTYPE_ETHERNET, `${MACS} 0806 0001`, 'not-ip'],
      [link.LINKTYPE_ETHERNET, `${MACS} 8100 0064`, 'truncated'],
      [link.LINKTYPE_NULL, '07000000 45', 'not-ip'],
      [link.LINKTYPE_RAW, '55', 'not-ip'],
      [9, 'ff03 c021 01', 'not-ip'],
      [105, `${MACS} 0800`, 'linktype'],
    ] as const;
    for (const [linktype, text, why] of table) {
      const frame = hex(text);
      assert.equal(link.networkLayer(viewOf(frame), 0, frame.length, linktype, out), false);
      assert.deepEqual([out.ok, out.family, out.len, out.why], [false, 0, 0, why]);
    }
    assert.deepEqual([out.unknown, out.value], ['link type', 105]);
  });

  it('takes the address family of a BSD header in whichever order makes it small', () => {
    for (const [head, family] of [
      ['00000007', 7],
      ['07000000', 7],
      ['0000ffff', 0xffff],
      ['00010000', 0x100],
    ] as const) {
      const frame = hex(`${head} 45`);
      for (const linktype of [0, 108]) {
        link.networkLayer(viewOf(frame), 0, frame.length, linktype, out);
        assert.deepEqual([out.why, out.unknown, out.value], ['not-ip', 'address family', family], head);
      }
    }
  });

  it('knows the MAC address of an Ethernet frame, and of no other', () => {
    for (const [, linktype, head, family] of FRAMES) {
      const frame = hex(`a5a5a5 ${head} ${family === 4 ? IPV4 : IPV6}`);
      link.networkLayer(viewOf(frame), 3, frame.length - 3, linktype, out);
      assert.equal(out.mac, linktype === 1 ? 3 : -1);
    }
  });

  it('says of what link types it reads, and that it reads no other', () => {
    const names = Array.from({ length: 400 }, (_, linktype) => [linktype, link.linktypeName(linktype)] as const);
    assert.deepEqual(
      names.filter(([, name]) => name !== undefined),
      [
        ...[[0, 'BSD null'] as const, [1, 'Ethernet'] as const, [9, 'PPP'] as const, [12, 'raw IP'] as const],
        ...[[14, 'raw IP'] as const, [50, 'PPP'] as const, [51, 'PPPoE'] as const, [101, 'raw IP'] as const],
        ...[[108, 'BSD loop'] as const, [113, 'Linux cooked'] as const, [228, 'raw IPv4'] as const],
        ...[[229, 'raw IPv6'] as const, [276, 'Linux cooked v2'] as const],
      ],
    );
    for (const linktype of [undefined, 0, 1, 276]) assert.deepEqual(link.unreadLinktype(linktype), []);
    assert.deepEqual(link.unreadLinktype(105), ['frames of link type 105, which udp-ufo cannot read']);
  });

  it('finds LLC in a cooked frame of Linux’s own protocol 4, and of no other small number (if_ether.h)', () => {
    for (const protocol of ['0001', '0003', '0004', '0005', '05dc']) {
      const frame = hex(`0000 0001 0006 ${'00'.repeat(8)} ${protocol} aaaa03 000000 0800 ${IPV4}`);
      link.networkLayer(viewOf(frame), 0, frame.length, 113, out);
      assert.deepEqual([out.ok, out.family], protocol === '0004' ? [true, 4] : [false, 0], protocol);
    }
  });

  it('stays within the frame whatever it holds', () => {
    const linktype = fc.constantFrom(...FRAMES.map((frame) => frame[1]), 999);
    const octet = fc.oneof(fc.nat(255), fc.constantFrom(0x81, 0, 0x88, 0xa8, 8, 0x45));
    fc.assert(
      fc.property(fc.array(octet, { maxLength: 60 }), linktype, (octets, type) => {
        const ok = link.networkLayer(viewOf(Uint8Array.from(octets)), 0, octets.length, type, out);
        assert.equal(ok, out.family !== 0);
        assert.ok(out.offset + out.len <= octets.length);
      }),
    );
  });
});

describe('a frame of loopback', () => {
  const isLoopback = (linktype: number, text: string): boolean => {
    const frame = hex(`ffffff ${text} 0800 45`);
    return link.isLoopback(viewOf(frame), 3, linktype);
  };

  it('has a BSD header, or the device type 772 in a cooked one (ARPHRD_LOOPBACK)', () => {
    for (const linktype of [0, 108]) assert.ok(isLoopback(linktype, '02000000'));
    assert.ok(isLoopback(113, '0000 0304 0006 000000000000 0000'));
    assert.ok(isLoopback(276, '0800 0000 00000001 0304 00 06 000000000000 0000'));
    assert.ok(!isLoopback(113, SLL));
    assert.ok(!isLoopback(113, '0304 0001 0304 030403040304 0000'));
    assert.ok(!isLoopback(276, `0800 ${SLL2}`));
    assert.ok(!isLoopback(276, '0304 0304 03040304 0001 03 04 030403040304 0000'));
  });

  it('has Ethernet addresses of zeros, both of them, to the last octet', () => {
    assert.ok(isLoopback(1, '00'.repeat(12)));
    for (let i = 0; i < 12; i++) assert.ok(!isLoopback(1, `${'00'.repeat(i)}01${'00'.repeat(11 - i)}`), `octet ${i}`);
    for (const linktype of [9, 12, 51, 101, 228, 229]) assert.ok(!isLoopback(linktype, '00'.repeat(12)), `${linktype}`);
  });
});
