import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sumOctets } from '../../src/wire/checksum.js';
import { unknownName } from '../../src/wire/encapsulation.js';
import { NetworkLayer } from '../../src/wire/network-layer.js';
import { enterTunnel, isTunnel, tunnelKind } from '../../src/wire/tunnel.js';
import { hex, viewOf } from './helpers.js';

const MACS = '02005e005302 02005e005301';
const IPV4 = '4500001c00010000401166cf7f0000017f000001';
const IPV6 = `60000000000811ff${'00'.repeat(15)}01${'00'.repeat(15)}01`;
const MARGIN = 3;
const UDP = 17;
const GRE = 47;
const out = new NetworkLayer();

interface Outer {
  readonly family?: 4 | 6;
  readonly whole?: boolean;
  readonly ends?: readonly number[];
}

/** Goes into what an IP packet of `protocol` has behind its header, within other octets; whether it is a tunnel. */
function enter(protocol: number, packet: Uint8Array, { family = 4, whole = true, ends = [1, 2] }: Outer = {}): boolean {
  const view = viewOf(Uint8Array.from([0xff, 0xff, 0xff, ...packet, 0xff, 0xff]));
  out.layers.clear();
  Object.assign(out, { offset: MARGIN, end: MARGIN + packet.length, mac: 99, ok: true });
  return enterTunnel(view, { family, protocol, ends: Int32Array.from(ends), whole }, out);
}

/** Asks that an IP packet is found behind `head`, of the network `via`, and that a cut within `head` is seen as one. */
function carries(protocol: number, head: string, packet: string, via: string, mac = -1): void {
  const octets = hex(head + packet);
  const headLen = hex(head).length;
  assert.ok(enter(protocol, octets), head);
  const { ok, family, offset, len, layers } = out;
  const want = [true, packet === IPV4 ? 4 : 6, MARGIN + headLen, octets.length - headLen, via];
  assert.deepEqual([ok, family, offset, len, layers.text()], want, head);
  assert.equal(out.mac, mac < 0 ? -1 : MARGIN + mac, head);
}

/** Asks that it is a tunnel, with something in it that is named. */
function names(protocol: number, packet: string, name: string, value: number): void {
  assert.ok(enter(protocol, hex(packet)), packet);
  assert.deepEqual([out.ok, out.why, unknownName(out), out.value], [false, 'not-ip', name, value], packet);
}

/** A UDP header to that port. */
const udp = (port: number): string => `c350 ${port.toString(16).padStart(4, '0')} 0000 0000`;

describe('a packet', () => {
  it('carries IP by protocol 4 and 41 (RFC 2003, RFC 4213, RFC 2473)', () => {
    for (const family of [4, 6] as const) {
      for (const [protocol, packet, inner] of [
        [4, IPV4, 4],
        [41, IPV6, 6],
      ] as const) {
        assert.ok(enter(protocol, hex(packet), { family }));
        assert.deepEqual(
          [out.ok, out.family, out.offset, out.len, out.mac],
          [true, inner, MARGIN, packet.length / 2, -1],
        );
        assert.equal(out.layers.text(), `${inner}in${family}`);
      }
    }
    for (const protocol of [0, 1, 5, 6, 40, 42, 46, 48, 50]) {
      assert.ok(!enter(protocol, hex(IPV4)), `protocol ${protocol}`);
      assert.equal(out.layers.depth, 0);
    }
  });

  it('may carry others by its protocol or its port', () => {
    const all = Array.from({ length: 256 }, (_, protocol) => protocol);
    assert.deepEqual(
      all.filter((protocol) => isTunnel(protocol, 0)),
      [4, 41, 47],
    );
    const ports = Array.from({ length: 0x1_0000 }, (_, port) => port);
    assert.deepEqual(
      ports.filter((port) => isTunnel(UDP, port)),
      [4789, 6081, 8472],
    );
    assert.ok(!isTunnel(6, 4789));
  });

  it('of the same kind between other ends is another network', () => {
    const keys = [[1, 2], [1, 3], [2, 1], [1], []].map((ends) => {
      enter(4, hex(IPV4), { ends });
      return out.layers.key;
    });
    assert.equal(new Set(keys).size, keys.length);
  });

  it('carries nothing by UDP that ends within its header, or goes to another port', () => {
    const packet = hex(`${udp(4789)} 08000000 00002a00 ${MACS} 0800 ${IPV4}`);
    const view = viewOf(packet);
    assert.equal(tunnelKind(view, { family: 4, protocol: UDP }, 0, packet.length), 'vxlan');
    for (let end = 0; end < 16; end++) assert.equal(tunnelKind(view, { family: 4, protocol: UDP }, 0, end), null);
    assert.equal(tunnelKind(view, { family: 4, protocol: 6 }, 0, packet.length), null);
    packet[3]! ^= 1;
    assert.equal(tunnelKind(view, { family: 4, protocol: UDP }, 0, packet.length), null);
  });
});

describe('GRE', () => {
  it('has its fields where flags say so: key and sequence (RFC 2890)', () => {
    carries(GRE, '0000 0800', IPV4, 'gre');
    carries(GRE, '0000 86dd', IPV6, 'gre');
    carries(GRE, '2000 0800 00000005', IPV4, 'gre 5');
    carries(GRE, '2000 86dd 7fffffff', IPV6, 'gre 2147483647');
    carries(GRE, '1000 0800 00000007', IPV4, 'gre');
    carries(GRE, '3000 0800 00000005 00000007', IPV4, 'gre 5');
    carries(GRE, '0080 0800', IPV4, 'gre'); // acknowledgements are version 1's
    carries(GRE, `0000 6558 ${MACS} 0800`, IPV4, 'gre', 4);
    carries(GRE, '0000 8847 00010140', IPV4, 'gre > mpls 16');
  });

  it('has a checksum over all of it, in front of the other fields (RFC 2784 §2.1)', () => {
    for (const [flags, fields, via] of [
      ['8000', '', 'gre'],
      ['a000', '00000005', 'gre 5'],
      ['b000', '00000005 00000009', 'gre 5'],
    ] as const) {
      const head = hex(`${flags} 0800 0000 0000 ${fields}`).length;
      const packet = hex(`${flags} 0800 0000 0000 ${fields} ${IPV4}`);
      const view = viewOf(packet);
      view.setUint16(4, ~sumOctets(packet) & 0xffff);
      assert.ok(enter(GRE, packet));
      assert.deepEqual([out.ok, out.offset - MARGIN, out.layers.text()], [true, head, via]);
      view.setUint16(4, view.getUint16(4) ^ 0x100);
      assert.ok(enter(GRE, packet));
      assert.deepEqual([out.ok, out.why, out.unknown, out.value], [false, 'not-ip', 'gre checksum', view.getUint16(4)]);
      enter(GRE, packet, { whole: false });
      assert.deepEqual([out.ok, out.layers.text()], [true, via], 'nobody can sum what was not captured');
    }
  });

  it('ends where the packet does', () => {
    for (const head of [
      '0000 0800',
      'b000 0800 0000 0000 00000001 00000002',
      '3081 880b 0004 0007 00000001 00000002 0021',
      '3081 880b 0004 0007 00000001 00000002 ff03 0021',
    ]) {
      const octets = hex(head);
      const ppp = octets.findIndex((octet, i) => i > 12 && (octet === 0xff || octet === 0x21));
      for (let len = 0; len < octets.length; len++) {
        if (len === 16 && ppp > 0) continue; // of PPTP, all that there is to an acknowledgement
        assert.ok(enter(GRE, octets.subarray(0, len), { whole: false }), head);
        assert.deepEqual([out.ok, out.why], [false, 'truncated'], `${head}, cut at ${len}`);
      }
    }
  });

  it('of versions and with routes that nobody sends is not read', () => {
    names(GRE, `4000 0800 ${IPV4}`, 'gre version 0', 0);
    names(GRE, `0002 0800 ${IPV4}`, 'gre version 2', 2);
    names(GRE, `0007 0800 ${IPV4}`, 'gre version 7', 7);
    names(GRE, `0000 0806 ${IPV4}`, 'ethertype 0x0806', 0x0806);
  });

  it('of version 1 is PPTP: PPP behind a call id and an acknowledgement (RFC 2637 §4.1)', () => {
    carries(GRE, '3001 880b 0016 0102 00000001 0021', IPV4, 'gre 258');
    carries(GRE, '2001 880b 0016 0102 57', IPV6, 'gre 258');
    carries(GRE, '2081 880b 0016 0102 00000002 0021', IPV4, 'gre 258');
    carries(GRE, '3081 880b 0018 0102 00000001 00000002 ff03 0021', IPV4, 'gre 258');
    carries(GRE, '2001 880b 0016 0102 ff03 57', IPV6, 'gre 258');
    names(GRE, '2081 880b 0000 0102 00000002', 'gre protocol 0x880b', 0x880b);
    names(GRE, `2001 0800 0016 0102 ${IPV4}`, 'gre protocol 0x0800', 0x0800);
    names(GRE, '2001 880b 0016 0102 c021 01', 'ppp 0xc021', 0xc021);
    for (const flags of ['a001', '6001', '0001', '1001'])
      names(GRE, `${flags} 880b 0016 0102 0021 ${IPV4}`, 'gre version 1', 1);
    names(GRE, '2001 880b 0016 0102 ff04 01', 'ppp 0x00ff', 0xff);
  });

  it('of virtual subnets has a key of its own, with an Ethernet frame behind it (RFC 7637 §3.2)', () => {
    for (const [key, via] of [
      ['00100001', 'nvgre 4096'],
      ['fffffeff', 'nvgre 16777214'],
      ['000fffff', 'gre 1048575'], // reserved
      ['7fffffff', 'nvgre 8388607'],
    ] as const)
      carries(GRE, `2000 6558 ${key} ${MACS} 0800`, IPV4, via, 8);
    carries(GRE, '2000 0800 00100001', IPV4, 'gre 1048577');
    carries(GRE, `3000 6558 00100001 00000001 ${MACS} 86dd`, IPV6, 'gre 1048577', 12);
    assert.ok(enter(GRE, hex(`2000 6558 ffffff00 ${MACS} 0800 ${IPV4}`)));
    assert.notEqual(out.layers.text().slice(0, 5), 'nvgre', 'a vendor’s own');
  });
});

describe('VXLAN', () => {
  it('is an Ethernet frame behind a VNI of 24 bits, to the port of IANA or of Linux before it (RFC 7348 §5)', () => {
    for (const port of [4789, 8472]) {
      carries(UDP, `${udp(port)} 08000000 00002a00 ${MACS} 0800`, IPV4, 'vxlan 42', 16);
      carries(UDP, `${udp(port)} 08000000 ffffff00 ${MACS} 8100 0007 86dd`, IPV6, 'vxlan 16777215 > vlan 7', 16);
    }
  });

  it('needs no more than its flag where all else is 0, or the group policy’s bits', () => {
    for (const word of ['08000000', '88000000', '8848ffff', '88400001', '88080000'])
      for (const type of ['0806', '9999']) {
        assert.ok(enter(UDP, hex(`${udp(4789)} ${word} 00002a00 ${MACS} ${type}`)), `${word} ${type}`);
        assert.deepEqual([out.unknown, out.value], ['ethertype', Number.parseInt(type, 16)]);
      }
    assert.ok(enter(UDP, hex(`${udp(4789)} 08000000 00002a00`)));
    assert.equal(out.why, 'truncated');
  });

  it('has a frame behind it that is known, where reserved bits are set', () => {
    for (const [word, last] of [
      ['08000001', '00'],
      ['08480000', '00'], // a group policy’s bits without its flag
      ['88100000', '00'],
      ['0c000000', '00'],
      ['08000000', '01'],
      ['88480001', '80'],
    ] as const) {
      const head = `${udp(4789)} ${word} 00002a${last} ${MACS}`;
      carries(UDP, `${head} 0800`, IPV4, 'vxlan 42', 16);
      assert.ok(enter(UDP, hex(`${head} 0806`)), 'ARP is known');
      assert.ok(!enter(UDP, hex(`${head} 9999`)), `${word} ${last}`);
      assert.ok(!enter(UDP, hex(head)), 'no EtherType at all');
    }
  });

  it('has the I flag', () => {
    for (const word of ['00000000', '80000000', 'f7ffffff', '10000000', '04000000'])
      assert.ok(!enter(UDP, hex(`${udp(4789)} ${word} 00002a00 ${MACS} 0800 ${IPV4}`)), word);
  });
});

describe('Geneve', () => {
  it('has an EtherType, a VNI and options of whole words (RFC 8926 §3.4)', () => {
    carries(UDP, `${udp(6081)} 0000 0800 00002a00`, IPV4, 'geneve 42');
    carries(UDP, `${udp(6081)} 00c0 86dd ffffff00`, IPV6, 'geneve 16777215');
    carries(UDP, `${udp(6081)} 0200 0800 00002a00 0102030405060708`, IPV4, 'geneve 42');
    carries(UDP, `${udp(6081)} 3f00 0800 00002a00 ${'00'.repeat(252)}`, IPV4, 'geneve 42');
    carries(UDP, `${udp(6081)} 0000 6558 00002a00 ${MACS} 0800`, IPV4, 'geneve 42', 16);
    assert.ok(enter(UDP, hex(`${udp(6081)} 0000 9999 00002a00`)));
    assert.deepEqual([out.unknown, out.value], ['ethertype', 0x9999]);
  });

  it('is of version 0, with all of its header there, and no length in the place of an EtherType', () => {
    for (const head of [
      '4000 0800 00002a00',
      '8000 0800 00002a00',
      'c000 0800 00002a00',
      '0000 05dc 00002a00',
      '0000 0000 00002a00',
    ])
      assert.ok(!enter(UDP, hex(`${udp(6081)} ${head} ${IPV4}`)), head);
    assert.ok(enter(UDP, hex(`${udp(6081)} 0000 05dd 00002a00`)));
    const whole = hex(`${udp(6081)} 0200 0800 00002a00 0102030405060708`);
    for (let len = 0; len < whole.length; len++) assert.ok(!enter(UDP, whole.subarray(0, len)), `cut at ${len}`);
    assert.ok(enter(UDP, whole));
  });

  it('has a protocol that is known, where reserved bits are set', () => {
    for (const [bits, last] of [
      ['01', '00'],
      ['20', '00'],
      ['3f', 'ff'],
      ['00', '01'],
      ['00', '80'],
    ] as const) {
      carries(UDP, `${udp(6081)} 00${bits} 0800 00002a${last}`, IPV4, 'geneve 42');
      assert.ok(!enter(UDP, hex(`${udp(6081)} 00${bits} 9999 00002a${last}`)), `${bits} ${last}`);
    }
  });
});
