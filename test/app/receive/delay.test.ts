import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DelayTally, delayText } from '../../../src/app/receive/delay.js';

/** RFC 3550 A.8 as it is written, in the sender's and our own time. */
function jitterOf(times: readonly (readonly [sent: number, came: number])[]): number {
  let jitter = 0;
  for (let i = 1; i < times.length; i++) {
    const d = times[i]![1] - times[i - 1]![1] - (times[i]![0] - times[i - 1]![0]);
    jitter += (1 / 16) * (Math.abs(d) - jitter);
  }
  return jitter;
}

describe('one-way delay', () => {
  const times = Array.from({ length: 100 }, (_, i) => [i * 20, i * 20 + 5 + ((i * 7) % 11) / 4] as const);

  it('has the jitter of RFC 3550, whatever the clocks of both say', () => {
    for (const apart of [0, 3_600_000, -3_600_000]) {
      const tally = new DelayTally();
      for (const [sent, came] of times) tally.add('a', sent + apart, came);
      assert.ok(Math.abs(tally.figures!.jitter - jitterOf(times)) < 1e-6, `${tally.figures!.jitter}`);
      assert.ok(Math.abs(tally.figures!.min - (5 - apart)) < 1e-6);
    }
  });

  it('of several senders keeps the jitter apart', () => {
    const tally = new DelayTally();
    for (let i = 0; i < 50; i++) {
      tally.add('a', i, i + 5);
      tally.add('b', i, i + 500);
    }
    assert.equal(tally.figures!.jitter, 0);
  });

  it('says that it is by two clocks, and when one is ahead', () => {
    const tally = new DelayTally();
    assert.equal(tally.figures, null);
    tally.add('a', 0, 1.5);
    assert.match(
      delayText(tally.figures!),
      /^one-way delay \(if the clocks of both hosts agree\): min 1\.5 ms, median/,
    );
    tally.add('a', 100, 90);
    assert.match(delayText(tally.figures!), /the sender's clock is ahead of ours\): min -10 ms/);
  });
});
