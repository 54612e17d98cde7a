import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Verifier } from '../../src/verify/verifier.js';
import { parseAddress } from '../../src/wire/address.js';
import type { Frame } from '../../src/wire/frame.js';
import * as ipv4 from '../../src/wire/ipv4.js';
import * as ipv6 from '../../src/wire/ipv6.js';
import { LINKTYPE_ETHERNET } from '../../src/wire/link-layer.js';
import { type Flow, flow4, flow6, fragments, frame, pattern, udpPacket, whole } from './build.js';
import { assertSame, WAYS } from './whole/both-ways.js';

const octetsOf = (text: string): Uint8Array => parseAddress(text)!.octets;

/** In Ethernet, from a host's own loopback (MAC addresses of zeros) or not. */
function ethernet(packet: Uint8Array, loopback: boolean): Frame {
  const octets = new Uint8Array(14 + packet.length);
  if (!loopback) octets.set([2, 0, 0x5e, 0, 0x53, 2, 2, 0, 0x5e, 0, 0x53, 1]);
  octets.set(packet[0]! >>> 4 === 4 ? [8, 0] : [0x86, 0xdd], 12);
  octets.set(packet, 14);
  return { ...frame(octets), linktype: LINKTYPE_ETHERNET };
}

function packets(flow: Flow): Uint8Array[] {
  return [whole(flow, udpPacket(flow, pattern(100))), ...fragments(flow, udpPacket(flow, pattern(3000)))];
}

function codes(frames: readonly Frame[]): string[][] {
  const verifier = new Verifier({ hash: false });
  return [...verifier.push(frames), ...verifier.end()].map(({ verdict, findings }) => [
    verdict,
    ...findings.map(({ code }) => code),
  ]);
}

/** What is odd about source and destination: on a wire, over a loopback, and where the link does not tell. */
const ADDRESSES: readonly (readonly [source: string, destination: string, wire: number, lo: number, raw: number])[] = [
  ['192.0.2.1', '192.0.2.2', 0, 0, 0],
  ['192.0.2.1', '224.0.0.1', 0, 0, 0],
  ['192.0.2.1', '255.255.255.255', 0, 0, 0],
  ['0.0.0.0', '255.255.255.255', 0, 0, 0],
  ['240.0.0.1', '192.0.2.2', 0, 0, 0],
  ['0.0.0.0', '192.0.2.2', 1, 1, 1],
  ['0.1.2.3', '0.0.0.0', 2, 2, 2],
  ['224.0.0.1', '192.0.2.2', 1, 1, 1],
  ['255.255.255.255', '192.0.2.2', 1, 1, 1],
  ['127.0.0.1', '127.0.0.2', 2, 0, 0],
  ['2001:db8::1', 'ff02::1', 0, 0, 0],
  ['::', 'ff02::1', 0, 0, 0],
  ['::2', '::ffff:192.0.2.2', 0, 0, 0],
  ['::', '2001:db8::2', 1, 1, 1],
  ['ff02::1', '2001:db8::2', 1, 1, 1],
  ['2001:db8::1', '::', 1, 1, 1],
  ['::1', '::1', 2, 0, 0],
  // Groups of scope 0 and 1 (RFC 4291 2.7), and others.
  ['2001:db8::1', 'ff00::1234', 1, 1, 1],
  ['2001:db8::1', 'ff01::1', 1, 0, 0],
  ['2001:db8::1', 'ff11::5', 1, 0, 0],
  ['2001:db8::1', 'ff02::1', 0, 0, 0],
  ['2001:db8::1', 'ff3e::8000:1', 0, 0, 0],
];

describe('addresses that no host has or sends from', () => {
  for (const [source, destination, ...counts] of ADDRESSES) {
    it(`${source} to ${destination}: ${counts.join(', ')} on a wire, a loopback, a link without addresses`, () => {
      const flow = {
        ...(source.includes(':') ? flow6 : flow4),
        source: octetsOf(source),
        destination: octetsOf(destination),
      };
      const made = packets(flow);
      const links = [
        made.map((one) => ethernet(one, false)),
        made.map((one) => ethernet(one, true)),
        made.map((one) => frame(one)),
      ];
      for (const [i, frames] of links.entries()) {
        const want = ['good', ...new Array<string>(counts[i]!).fill('address-special')];
        assert.deepEqual(codes(frames), [want, want], `link ${i}`);
        for (const way of WAYS) assertSame(frames, way, {}, source);
      }
    });
  }
});

describe('a TTL of 0', () => {
  it('is noted, whichever way the datagram is judged: no host may send it, and none may discard it', () => {
    const sent = udpPacket(flow4, pattern(3000));
    const frames = fragments(flow4, sent, 1480).map((packet, i) => {
      const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
      if (i !== 1) view.setUint8(8, 0);
      ipv4.fillChecksum(view, 0);
      return ethernet(packet, false);
    });
    for (const way of WAYS) assertSame(frames, way, {}, 'ttl');
    assert.deepEqual(codes(frames.slice(0, 1))[0], ['incomplete', 'ttl-zero', 'given-up']);
  });
});

describe('a destination port of 0', () => {
  it('is noted, whichever way the datagram is judged', () => {
    for (const flow of [flow4, flow6]) {
      const frames = [
        whole(flow, udpPacket(flow, pattern(50), [7, 0])),
        ...fragments(flow, udpPacket(flow, pattern(3000), [7, 0])),
      ];
      const made = frames.map((one) => frame(one));
      assert.deepEqual(codes(made), [
        ['good', 'udp-port-zero'],
        ['good', 'udp-port-zero'],
      ]);
      for (const way of WAYS) assertSame(made, way, {}, 'port 0');
    }
  });
});

describe('mobility, HIP and Shim6 headers', () => {
  it('end the packet, or hide what they name', () => {
    for (const protocol of [135, 139, 140]) {
      for (const [next, counted] of [
        [59, {}],
        [17, { [`next header ${protocol}`]: 1 }],
      ] as const) {
        const packet = new Uint8Array(ipv6.HEADER_LEN + 8);
        packet.set(whole(flow6, new Uint8Array(8)));
        packet[ipv6.NEXT_HEADER] = protocol;
        packet[ipv6.HEADER_LEN] = next;
        const verifier = new Verifier();
        verifier.push([frame(packet)]);
        verifier.end();
        const { other, notJudged } = verifier.summary({ captureLost: null });
        assert.deepEqual([other, notJudged], [next === 59 ? 1 : 0, counted]);
      }
    }
  });

  it('may hide anything where the capture kept nothing of them', () => {
    for (const [len, counted] of [
      [8, { 'next header 135': 1 }],
      [0, {}],
    ] as const) {
      const packet = whole(flow6, new Uint8Array(len));
      packet[ipv6.NEXT_HEADER] = 135;
      const cut = frame(packet);
      const verifier = new Verifier();
      verifier.push([{ ...cut, caplen: cut.caplen - len }]);
      verifier.end();
      const { other, notJudged } = verifier.summary({ captureLost: null });
      assert.deepEqual([other, notJudged], [len === 0 ? 1 : 0, counted]);
    }
  });
});
