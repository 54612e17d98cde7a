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

const FRAMES = [
  ['Ethernet, IPv4', link.LINKTYPE_ETHERNET, `${MACS} 0800`, 4],
  ['Ethernet, IPv6', link.LINKTYPE_ETHERNET, `${MACS} 86dd`, 6],
  ['VLAN', link.LINKTYPE_ETHERNET, `${MACS} 8100 0064 86dd`, 6],
  ['QinQ', link.LINKTYPE_ETHERNET, `${MACS} 88a8 0001 8100 0064 0800`, 4],
  ['raw, IPv4', link.LINKTYPE_RAW, '', 4],
  ['raw, IPv6', link.LINKTYPE_RAW, '', 6],
  ['raw of a live capture', link.DLT_RAW, '', 6],
  ['IPV4', link.LINKTYPE_IPV4, '', 4],
  ['IPV6', link.LINKTYPE_IPV6, '', 6],
  ['SLL, IPv4', link.LINKTYPE_LINUX_SLL, `${SLL} 0800`, 4],
  ['SLL, VLAN, IPv6', link.LINKTYPE_LINUX_SLL, `${SLL} 8100 0064 86dd`, 6],
  ['SLL2, IPv4', link.LINKTYPE_LINUX_SLL2, `0800 ${SLL2}`, 4],
  ['SLL2, VLAN, IPv6', link.LINKTYPE_LINUX_SLL2, `8100 ${SLL2} 0064 86dd`, 6],
  ['null, little-endian', link.LINKTYPE_NULL, '02000000', 4],
  ['null, big-endian', link.LINKTYPE_NULL, '00000002', 4],
  ['null, Linux IPv6', link.LINKTYPE_NULL, '0a000000', 6],
  ['null, OpenBSD IPv6', link.LINKTYPE_NULL, '18000000', 6],
  ['null, FreeBSD IPv6', link.LINKTYPE_NULL, '1c000000', 6],
  ['null, macOS IPv6, big-endian', link.LINKTYPE_NULL, '0000001e', 6],
  ['loop, IPv4', link.LINKTYPE_LOOP, '00000002', 4],
  ['loop, IPv6', link.LINKTYPE_LOOP, '00000018', 6],
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
      [105, `${MACS} 0800`, 'linktype'],
    ] as const;
    for (const [linktype, text, why] of table) {
      const frame = hex(text);
      assert.equal(link.networkLayer(viewOf(frame), 0, frame.length, linktype, out), false);
      assert.deepEqual([out.ok, out.family, out.len, out.why], [false, 0, 0, why]);
    }
    assert.equal(link.linktypeName(105), undefined);
    assert.equal(link.linktypeName(link.LINKTYPE_LINUX_SLL2), 'Linux cooked v2');
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
