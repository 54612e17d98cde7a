import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Spread, spreadText } from '../../../src/app/common/spread.js';

describe('the spread of values', () => {
  it('has the quantiles by nearest rank', () => {
    const spread = new Spread();
    assert.equal(spread.figures, null);
    for (let i = 1000; i >= 1; i--) spread.add(i);
    assert.deepEqual(spread.figures, { min: 1, median: 500, p99: 990, max: 1000 });
    assert.equal(spreadText(spread.figures!), 'min 1 ms, median 500 ms, p99 990 ms, max 1,000 ms');
  });

  it('of more than it keeps is told from a fair sample, but for its ends', () => {
    const spread = new Spread();
    for (let i = 0; i < 500_000; i++) spread.add(i);
    const { min, median, p99, max } = spread.figures!;
    assert.deepEqual([min, max], [0, 499_999]);
    assert.ok(Math.abs(median - 250_000) < 10_000, `${median}`);
    assert.ok(Math.abs(p99 - 495_000) < 3_000, `${p99}`);
  });
});
