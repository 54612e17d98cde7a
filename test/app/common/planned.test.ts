import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MadePackets, plannedDatagrams, tellingPlan } from '../../../src/app/common/planned.js';
import { expectedPayload } from '../../../src/app/common/sent.js';
import type { Comparison } from '../../../src/compare/comparison.js';
import { Expectation } from '../../../src/compare/expectation.js';
import type { ExpectedDatagram } from '../../../src/compare/expected.js';
import { plan } from '../../../src/faults/plan.js';
import { makePayload } from '../../../src/payload/generated.js';
import type { ExtensionHeader } from '../../../src/skb/flow.js';
import { segment } from '../../../src/ufo/segment-datagram.js';
import { Verifier } from '../../../src/verify/verifier.js';
import { type Frame, frameData } from '../../../src/wire/frame.js';
import { WAYS } from '../../faults/cut.js';
import { PLANS, SIZES } from '../../faults/plans.js';
import { hex } from '../../wire/helpers.js';

/** What a plan makes of a generated datagram, and what is told of it. */
function sent(
  steps: string,
  family: 4 | 6,
  size: number,
  extensionHeaders: readonly ExtensionHeader[] = [],
): { frames: Frame[]; told: ExpectedDatagram[] } {
  let made: MadePackets | undefined;
  const telling = tellingPlan(plan(steps), (one) => {
    made = one;
  });
  const payload = makePayload(size, 1, 0);
  const frames = [...segment({ ...WAYS[family], payload, ident: 0x1234, plan: telling, extensionHeaders })];
  const { source, destination } = WAYS[family];
  const base = {
    ...{ source: source.address, destination: destination.address },
    ...{ sourcePort: source.port, destinationPort: destination.port },
  };
  const headers = { ttl: 64, tos: 0, checksum: 'computed' } as const;
  const told = plannedDatagrams(made!, {
    ...{ base, headers, payload: expectedPayload(payload) },
    describe: (octets) => expectedPayload(octets),
  });
  // As a file keeps it.
  return { frames, told: JSON.parse(JSON.stringify(told)) };
}

function compared(told: readonly ExpectedDatagram[], frames: readonly Frame[]): Comparison {
  const expectation = new Expectation(told, { strict: true });
  const verifier = new Verifier({ sightings: true });
  for (const verdict of [...verifier.push(frames), ...verifier.end()]) expectation.take(verdict);
  return expectation.result({ captureLost: 0 });
}

function flipped(frame: Frame, at: number): Frame {
  const bytes = Uint8Array.from(frameData(frame));
  bytes[at]! ^= 0x10;
  return { ...frame, bytes, offset: 0 };
}

const HOP_BY_HOP: ExtensionHeader = { type: 0, octets: hex('0000 0502 0000 0100') };
/** Octets of the headers themselves become others, or others are read as them: of that plans know nothing. */
const OF_THE_CHAIN = /^corrupt\((1|last), \d\)$|offset=0/;
const DESTINATION: ExtensionHeader = { type: 60, octets: hex('0001 010c 000000000000000000000000') };

/** The latter as it goes, in front of UDP. */
const CHAIN = '1101010c000000000000000000000000';

describe('what a plan made', () => {
  for (const headers of [[DESTINATION], [HOP_BY_HOP, DESTINATION]]) {
    it(`behind extension headers of types ${headers.map(({ type }) => type)} is right where it came just so`, () => {
      for (const text of PLANS) {
        if (OF_THE_CHAIN.test(text)) continue;
        for (const size of [0, 100, 1400, 4000]) {
          const made = trySent(text, 6, size, headers);
          if (made === null) continue;
          const result = compared(made.told, made.frames);
          assert.equal(
            result.verdict,
            'good',
            `${text}, ${size} octets: ${JSON.stringify({ told: made.told, result })}`,
          );
        }
      }
    });
  }

  it('behind extension headers with any packet lost on the way, or cut by the capture, is not bad for that', () => {
    for (const headers of [[DESTINATION], [HOP_BY_HOP, DESTINATION]]) {
      const { frames, told } = sent('reverse', 6, 4000, headers);
      const extensionHeaders = headers.length === 1 ? CHAIN : `3c00050200000100${CHAIN}`;
      const [one] = told;
      const expected = { ...one!, headers: { ...one!.headers, extensionHeaders } };
      assert.equal(compared([expected], frames).verdict, 'good');
      for (const at of frames.keys()) {
        const { verdict, incomplete } = compared([expected], frames.toSpliced(at, 1));
        assert.deepEqual([verdict, incomplete], ['inconclusive', 1], `without packet ${at + 1}`);
        const cut = compared([expected], frames.with(at, { ...frames[at]!, caplen: 100 }));
        assert.deepEqual([cut.verdict, cut.incomplete], ['inconclusive', 1], `packet ${at + 1} cut by the capture`);
      }
    }
  });

  for (const family of [4, 6] as const) {
    for (const text of PLANS) {
      it(`${text} over IPv${family} is right where it came just so, at every size`, () => {
        for (const size of SIZES) {
          const made = trySent(text, family, size);
          if (made === null) continue;
          const { frames, told } = made;
          const result = compared(told, frames);
          const says = `${size} octets: ${JSON.stringify({ told, result })}`;
          assert.equal(result.verdict, 'good', says);
          assert.equal(result.good + result.planned, told.length, says);
          const bad = told.filter(({ planned }) => planned!.verdict !== 'good').length;
          assert.equal(result.planned, bad, says);
        }
      });

      it(`${text} over IPv${family} with a packet lost on the way is not as planned, and not bad for that`, () => {
        for (const size of [4000, 8192]) {
          const made = trySent(text, family, size);
          if (made === null || made.frames.length === 0) continue;
          for (const at of [0, made.frames.length >> 1, made.frames.length - 1]) {
            const result = compared(made.told, made.frames.toSpliced(at, 1));
            assert.equal(
              result.verdict,
              'inconclusive',
              `${size} octets without packet ${at + 1}: ${JSON.stringify({ told: made.told, result })}`,
            );
          }
        }
      });
    }

    for (const text of ['overlap(tail)', 'drop(2)', 'reverse', 'gap(2, 8)', 'unaligned(1, 7)', 'corrupt(1, 100)']) {
      it(`${text} over IPv${family} with an octet changed on the way is bad`, () => {
        const { frames, told } = sent(text, family, 4000);
        const header = family === 4 ? 20 : 48;
        const { verdict, missing } = compared(told, [flipped(frames[0]!, header + 900), ...frames.slice(1)]);
        // Of what never is whole, nobody reads the octets: the plan's own packets came.
        const unread = ['drop(2)', 'gap(2, 8)', 'unaligned(1, 7)'].includes(text);
        assert.deepEqual([verdict, missing], [unread ? 'good' : 'bad', 0]);
      });
    }

    it(`overlap(head) over IPv${family} in another order is as planned, whichever octets win then`, () => {
      const { frames, told } = sent('overlap(head)', family, 4000);
      const { verdict, planned, differences } = compared(told, [frames[0]!, frames[2]!, frames[1]!, frames[3]!]);
      assert.deepEqual([verdict, planned, differences], ['good', 1, []]);
    });

    it(`calls a packet of IPv${family} bad that the plan did not make`, () => {
      const { frames, told } = sent('drop(2)', family, 8192);
      const { frames: all } = sent('repeat(1)', family, 8192);
      const result = compared(told, [...frames.slice(0, 2), all[1]!, ...frames.slice(2)]);
      assert.equal(result.verdict, 'bad', JSON.stringify(result));
    });
  }
});

function trySent(...what: Parameters<typeof sent>): ReturnType<typeof sent> | null {
  try {
    return sent(...what);
  } catch (error) {
    assert.match(String(error), /^\w+Error: plan: /);
    return null;
  }
}
