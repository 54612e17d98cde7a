import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import type { Frame } from '../../src/wire/frame.js';
import { cuts, flow4, flow6, fragment, fragments, frame, pattern, udpPacket, whole } from './build.js';

function judge(frames: readonly Frame[]): DatagramVerdict[] {
  const verifier = new Verifier();
  return [...verifier.push(frames), ...verifier.end()];
}

/** Traffic class, flow label and hop limit; the next header of the fragment header after the first fragment (RFC 8200 4.5). */
const isNoted = (at: number, index: number): boolean => at < 4 || at === 7 || (at === 40 && index > 0);

describe('any datagram', () => {
  for (const flow of [flow4, flow6]) {
    it(`over IPv${flow.family} is good in any order, with any duplicates, interleaved with another`, () => {
      const orders = fc.record({
        len: fc.integer({ min: 17, max: 6000 }),
        gsoSize: fc.integer({ min: 1, max: 300 }).map((units) => 8 * units),
        shuffle: fc.infiniteStream(fc.nat({ max: 0xffff })),
        duplicates: fc.integer({ min: 0, max: 5 }),
      });
      fc.assert(
        fc.property(orders, ({ len, gsoSize, shuffle, duplicates }) => {
          const payload = pattern(len);
          const packet = udpPacket(flow, payload);
          const pieces = cuts(packet.length, gsoSize);
          if (pieces.length < 2) return;
          const random = (bound: number): number => shuffle.next().value! % bound;
          const own = pieces.map((piece) => frame(fragment(flow, packet, piece)));
          // Never the first: with it the repeated ones could be a datagram of their own.
          for (let i = 0; i < duplicates; i++) own.push(own[1 + random(pieces.length - 1)]!);
          const other = { ...flow, ident: flow.ident ^ 1 };
          const all = [...own, ...fragments(other, udpPacket(other, payload), 64).map((octets) => frame(octets))];
          for (let i = all.length - 1; i > 0; i--) {
            const j = random(i + 1);
            [all[i], all[j]] = [all[j]!, all[i]!];
          }
          const verdicts = judge(all);
          const mine = verdicts.find(({ ident }) => ident === flow.ident)!;
          assert.deepEqual(
            verdicts.map(({ verdict }) => verdict),
            ['good', 'good'],
          );
          assert.deepEqual([mine.fragments, mine.duplicates, mine.payloadLen], [pieces.length, duplicates, len]);
        }),
        { numRuns: 60 },
      );
    });

    it(`over IPv${flow.family} with any one octet changed is not good, but for what notes tell`, () => {
      const packet = udpPacket(flow, pattern(60));
      const all = fragments(flow, packet, 24);
      for (const [index, octets] of all.entries()) {
        for (let at = 0; at < octets.length; at++) {
          for (const change of [0x01, 0x80, 0xff]) {
            const mutated = octets.slice();
            mutated[at]! ^= change;
            const frames = all.map((one, i) => frame(i === index ? mutated : one));
            const verdicts = judge(frames);
            const good = verdicts.length === 1 && verdicts[0]!.verdict === 'good';
            const noted = good && verdicts[0]!.notes.length > 0;
            assert.ok(!good || noted, `octet ${at} of fragment ${index + 1} ^ ${change} went unseen`);
            if (noted) assert.ok(flow.family === 6 && isNoted(at, index), `octet ${at} is no note`);
          }
        }
      }
    });

    it(`over IPv${flow.family} unfragmented with any one octet changed is not good`, () => {
      const octets = whole(flow, udpPacket(flow, pattern(40)));
      for (let at = 0; at < octets.length; at++) {
        if (flow.family === 6 && (at < 4 || at === 7)) continue; // nothing to compare them with
        const mutated = octets.slice();
        mutated[at]! ^= 0x55;
        assert.ok(!judge([frame(mutated)]).some(({ verdict }) => verdict === 'good'), `octet ${at} went unseen`);
      }
    });
  }
});
