import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { VerifySummary } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import type { Frame } from '../../src/wire/frame.js';
import { LINKTYPE_ETHERNET } from '../../src/wire/link-layer.js';
import { flow4, flow6, fragments, frame, pattern, udpPacket, whole } from './build.js';

function summaryOf(frames: readonly Frame[], strict = false): { summary: VerifySummary; listed: number } {
  const verifier = new Verifier({ strict });
  const listed = verifier.push(frames).length + verifier.end().length;
  return { summary: verifier.summary({ captureLost: null }), listed };
}

function total({ judged, other, headersCut, notJudged }: VerifySummary): number {
  return judged + other + headersCut + Object.values(notJudged).reduce((sum, count) => sum + count, 0);
}

const packets = [flow4, flow6].flatMap((flow) => [
  ...fragments(flow, udpPacket(flow, pattern(200)), 104),
  whole(flow, udpPacket(flow, pattern(40))),
  whole({ ...flow, protocol: 6 }, pattern(40)),
]);
const ETHERNET = Uint8Array.of(2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1);

/** The packets as Ethernet frames. */
const framed = packets.map((packet) =>
  Uint8Array.of(...ETHERNET, ...(packet[0]! >>> 4 === 4 ? [0x08, 0x00] : [0x86, 0xdd]), ...packet),
);

describe('every frame', () => {
  it('ends in exactly one count of the summary, whatever bits are flipped in it', () => {
    const flips = fc.array(fc.tuple(fc.nat({ max: framed.length - 1 }), fc.nat(), fc.nat({ max: 7 })), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(flips, fc.boolean(), fc.option(fc.nat({ max: 120 })), (where, raw, snaplen) => {
        const source = raw ? packets : framed;
        const frames = source.map((octets, index) => {
          const mutated = octets.slice();
          for (const [which, at, bit] of where) if (which === index) mutated[at % mutated.length]! ^= 1 << bit;
          const one = frame(mutated, 0, snaplen ?? 1e6);
          return raw ? one : { ...one, linktype: LINKTYPE_ETHERNET };
        });
        const { summary, listed } = summaryOf(frames);
        assert.equal(total(summary), frames.length);
        assert.equal(listed, summary.datagrams);
      }),
      { numRuns: 1500 },
    );
  });

  it('that held a datagram is still seen after any bit of its IP header was flipped', () => {
    for (const flow of [flow4, flow6]) {
      const octets = whole(flow, udpPacket(flow, pattern(40)));
      const noted = flow.family === 6 ? [0, 1, 2, 3, 7] : [];
      for (let bit = 0; bit < 8 * (flow.family === 4 ? 20 : 40); bit++) {
        if (noted.includes(bit >> 3) && bit >= 4) continue; // traffic class, flow label, hop limit: nothing tells
        const flipped = octets.slice();
        flipped[bit >> 3]! ^= 0x80 >> (bit & 7);
        const { summary } = summaryOf([frame(flipped)]);
        assert.notEqual(summary.verdict, 'good', `bit ${bit} of IPv${flow.family}`);
        assert.ok(summary.bad === 1 || Object.keys(summary.notJudged).length === 1, `bit ${bit} vanished`);
      }
    }
  });

  it('that was not looked into keeps a capture from being plainly good', () => {
    const fabricPath = {
      ...frame(Uint8Array.of(...ETHERNET, 0x89, 0x03, ...packets[2]!)),
      linktype: LINKTYPE_ETHERNET,
    };
    const good = { ...frame(framed[2]!), linktype: LINKTYPE_ETHERNET };
    const { summary } = summaryOf([good, fabricPath, fabricPath]);
    assert.deepEqual([summary.verdict, summary.notJudged], ['good', { 'ethertype 0x8903': 2 }]);
    assert.equal(summaryOf([good, fabricPath], true).summary.verdict, 'inconclusive');
    const arp = {
      ...frame(Uint8Array.of(...ETHERNET, 0x08, 0x06, ...new Uint8Array(28))),
      linktype: LINKTYPE_ETHERNET,
    };
    const harmless = summaryOf([good, arp], true).summary;
    assert.deepEqual([harmless.verdict, harmless.other], ['good', 1]);
  });

  it('is of a bounded number of kinds', () => {
    const frames = Array.from({ length: 1000 }, (_, i) => {
      const bytes = Uint8Array.of(...ETHERNET, 0x90 + (i >> 8), i & 0xff, ...new Uint8Array(46));
      return { ...frame(bytes), linktype: LINKTYPE_ETHERNET };
    });
    const { summary } = summaryOf(frames);
    assert.ok(Object.keys(summary.notJudged).length <= 65);
    assert.equal(total(summary), 1000);
  });
});
