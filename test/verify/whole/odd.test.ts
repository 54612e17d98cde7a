import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAddress } from '../../../src/wire/address.js';
import type { Frame } from '../../../src/wire/frame.js';
import {
  cuts,
  type Flow,
  flow4,
  flow6,
  fragment,
  fragments,
  type Oddity,
  pattern,
  udpPacket,
  whole,
} from '../build.js';
import { assertSame, WAYS } from './both-ways.js';
import { framed } from './traffic.js';

/** What one fragment says otherwise than the others, its checksum being right: no datagram that the kernel may take. */
const ODDITIES: readonly (readonly [string, 4 | 6, Oddity])[] = [
  ['TTL', 4, { ttl: 9 }],
  ['TOS', 4, { tos: 4 }],
  ['DF', 4, { dontFragment: true }],
  ['options', 4, { options: Uint8Array.of(1, 1, 1, 1) }],
  ['protocol', 4, { protocol: 18 }],
  ['hop limit', 6, { ttl: 9 }],
  ['traffic class', 6, { tos: 4 }],
  ['flow label', 6, { flowLabel: 5 }],
  ['next header', 6, { protocol: 18 }],
];

function frames(family: 4 | 6, odd: Oddity, change: (frame: Frame, i: number) => Frame = (one) => one): Frame[] {
  const flow = family === 4 ? flow4 : flow6;
  const packet = udpPacket(flow, pattern(5000));
  const packets = cuts(packet.length, 1480).map((piece, i) => fragment(flow, packet, piece, i === 2 ? odd : {}));
  return packets.map((one, i) => change(framed(one, 'ethernet', BigInt(1e9 + i * 1000)), i));
}

describe('a datagram that the kernel must leave to others', () => {
  for (const [what, family, odd] of ODDITIES)
    it(`has one fragment with another ${what}, IPv${family}`, () => {
      assert.equal(assertSame(frames(family, {}), WAYS[0]!, {}, what).oneByOne, 0);
      assert.ok(assertSame(frames(family, odd), WAYS[0]!, {}, what).oneByOne > 0);
    });

  for (const [family, ends] of [
    [4, { source: '0.0.0.0' }],
    [4, { source: '0.1.2.3' }],
    [4, { source: '127.0.0.1' }],
    [4, { destination: '127.0.0.1' }],
    [6, { source: '::' }],
    [6, { source: '::1' }],
    [6, { destination: '::1' }],
  ] as const)
    it(`has an address that no wire carries: ${JSON.stringify(ends)}`, () => {
      const flow: Flow = { ...(family === 4 ? flow4 : flow6) };
      for (const [name, text] of Object.entries(ends)) Object.assign(flow, { [name]: parseAddress(text)!.octets });
      const packet = udpPacket(flow, pattern(3000));
      const cut = fragments(flow, packet);
      const single = whole(flow, udpPacket(flow, pattern(30)));
      for (const packets of [cut, [single]]) {
        const seen = packets.map((one, i) => framed(one, 'ethernet', BigInt(1e9 + i * 1000)));
        assert.equal(assertSame(seen, WAYS[0]!, {}, 'an address').oneByOne, seen.length);
      }
    });

  it('goes to two stations, or came before it was sent', () => {
    const other =
      (offset: number, value: number) =>
      (frame: Frame, i: number): Frame => {
        if (i === 2) frame.bytes[offset] = value;
        return frame;
      };
    const earlier = (frame: Frame, i: number): Frame => (i === 2 ? { ...frame, seconds: 0, nanoseconds: 5 } : frame);
    for (const change of [other(5, 77), earlier])
      assert.ok(assertSame(frames(4, {}, change), WAYS[0]!, {}, 'changed').oneByOne > 0);
  });
});
