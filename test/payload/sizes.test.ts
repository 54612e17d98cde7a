import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePayload } from '../../src/payload/generated.js';
import { GeneratedPayloads } from '../../src/payload/sequence.js';
import { IMIX, largestOf, sizeOf, smallestOf } from '../../src/payload/sizes.js';

const firstSizes = (count: number, of: (sequence: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => of(i));

describe('sizes of generated payloads', () => {
  it('of a list come in turn, of a range within it, both ends among them', () => {
    const sizes = [
      { min: 64, max: 64 },
      { min: 100, max: 103 },
    ];
    const got = firstSizes(400, (sequence) => sizeOf(sizes, 1, sequence));
    assert.ok(got.every((size, i) => i % 2 === 1 || size === 64));
    assert.deepEqual([...new Set(got.filter((_, i) => i % 2 === 1))].sort(), [100, 101, 102, 103]);
    assert.deepEqual([smallestOf(sizes), largestOf(sizes), smallestOf(5), largestOf(5)], [64, 103, 5, 5]);
  });

  it('of a range are the same for a seed again, other ones for another seed, and even over the range', () => {
    const range = [{ min: 0, max: 65_507 }];
    const of = (seed: number): number[] => firstSizes(4000, (sequence) => sizeOf(range, seed, sequence));
    assert.deepEqual(of(7), of(7));
    assert.notDeepEqual(of(7), of(8));
    const mean = of(7).reduce((sum, size) => sum + size, 0) / 4000;
    assert.ok(Math.abs(mean - 32_753) < 1500, `${mean}`);
  });

  it('iterated, payloads have the sizes that are told of them', () => {
    const payloads = new GeneratedPayloads({ size: IMIX, seed: 3, count: 24 });
    const got = Array.from(payloads, (bytes) => Buffer.from(bytes));
    assert.deepEqual(
      got,
      firstSizes(24, (sequence) => sequence).map((i) => Buffer.from(makePayload(payloads.sizeOf(i), 3, i))),
    );
    assert.equal(
      got.reduce((sum, { length }) => sum + length, 0),
      2 * (7 * 18 + 4 * 524 + 1472),
    );
  });

  it('are refused where a datagram cannot have them', () => {
    for (const size of [
      [],
      [{ min: 9, max: 8 }],
      [{ min: -1, max: 8 }],
      [{ min: 0, max: 65_537 }],
      [{ min: 0.5, max: 8 }],
    ]) {
      assert.throws(() => new GeneratedPayloads({ size }), { code: 'ERR_UFO_INVALID_ARGUMENT' });
    }
  });
});
