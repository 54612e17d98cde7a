import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Frame } from '../../../src/wire/frame.js';
import { cuts, flow4, flow6, fragment, type Oddity, pattern, udpPacket } from '../build.js';
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
