import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CompleteDatagram, Observer } from '../../src/verify/judge.js';
import { Verifier } from '../../src/verify/verifier.js';
import { cuts, flow4, flow6, fragment, frame, type Oddity, pattern, udpPacket } from './build.js';

/** The headers of the packet as it was before it was cut. */
function headerOf(flow: typeof flow4, odd: Oddity): Uint8Array {
  const headers: Uint8Array[] = [];
  const observe: Observer = ({ header }: CompleteDatagram) => {
    headers.push(header.slice());
    return [];
  };
  const verifier = new Verifier({ observe });
  const packet = udpPacket(flow, pattern(3000));
  verifier.push(cuts(packet.length, 1480).map((piece) => frame(fragment(flow, packet, piece, odd))));
  verifier.end();
  assert.equal(headers.length, 1);
  return headers[0]!;
}

describe('the headers of a packet put together', () => {
  const destinationOptions = [60, 0, 1, 4, 0, 0, 0, 0];
  const authentication = [60, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, ...Array<number>(12).fill(0x5a)];
  const last = [44, 0, 1, 4, 0, 0, 0, 0];

  it('have no fragment header, and the one before it names what that named, whatever stands in front', () => {
    const chains: readonly [first: number, octets: readonly number[], link: number][] = [
      [44, [], 6],
      [60, last, 40],
      [60, [...destinationOptions, ...last], 48],
      [51, [...authentication, ...last], 64],
    ];
    for (const [nextHeader, octets, link] of chains) {
      const extensions = { nextHeader, octets: Uint8Array.from(octets) };
      const header = headerOf(flow6, { extensions });
      const want = Uint8Array.from([...new Uint8Array(40), ...octets]);
      want.set(header.subarray(0, 40));
      want[6] = nextHeader;
      want[link] = 17;
      assert.deepEqual(header, want);
    }
  });

  it('over IPv4 keep DF and options, and lose offset and M', () => {
    const options = Uint8Array.of(130, 4, 1, 2);
    const header = headerOf(flow4, { options, dontFragment: true });
    assert.deepEqual([header.length, header[6], header[7], [...header.subarray(20)]], [24, 0x40, 0, [...options]]);
  });
});
