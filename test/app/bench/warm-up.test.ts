import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { warmUp } from '../../../src/app/bench/warm-up.js';

/** The milliseconds of each stretch that a sender was told to send, of which it uses a share of the processor. */
async function stretches(ms: number, share: number | null): Promise<number[]> {
  const told: number[] = [];
  const forMs = async (wanted: number) => {
    told.push(wanted);
    const seconds = wanted / 1000;
    return { datagrams: 1, packets: 1, seconds, cpuSeconds: share === null ? null : seconds * share, peakRss: null };
  };
  await warmUp({ forMs, count: () => forMs(0), stop: async () => {} }, ms);
  return told;
}

describe('warming up', () => {
  it('takes one stretch where the sender has the processor to itself', async () => {
    assert.deepEqual(await stretches(700, 1), [700]);
    assert.deepEqual(await stretches(700, null), [700]); // nobody knows, so the clock counts
  });

  it('goes on where others use it, until the sender had its time, or for some stretches', async () => {
    assert.equal((await stretches(700, 0.3)).length, 4);
    assert.equal((await stretches(700, 0.01)).length, 8);
  });
});
