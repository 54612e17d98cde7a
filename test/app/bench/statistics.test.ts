import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { median, medianRatio, spread } from '../../../src/app/bench/statistics.js';

describe('statistics', () => {
  for (const [values, want] of [
    [[3], 3],
    [[5, 1, 3], 3],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100, 8, 1], 9],
  ] as const) {
    it(`median of ${values} is ${want}`, () => assert.equal(median(values), want));
  }

  it('has no median of nothing, and leaves its input as it is', () => {
    assert.ok(Number.isNaN(median([])));
    const values = [3, 1, 2];
    median(values);
    assert.deepEqual(values, [3, 1, 2]);
  });

  it('takes ratios within a round, not of the medians', () => {
    // round by round 2, 2, 2: a machine that was slower in one round was so for both
    assert.equal(medianRatio([20, 2, 200], [10, 1, 100]), 2);
    assert.equal(medianRatio([1, 100, 10], [1, 10, 100]), 1);
  });

  it('leaves out rounds that one of the two has not', () => {
    assert.equal(medianRatio([4, 6], [2]), 2);
    assert.equal(medianRatio([4], []), null);
    assert.equal(medianRatio([4, 4], [0, 2]), 2);
  });

  it('tells how far the worst round is off', () => {
    assert.equal(spread([100, 90, 120]), 0.2);
    assert.equal(spread([]), 0);
  });
});
