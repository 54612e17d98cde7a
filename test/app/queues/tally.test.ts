import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { QueueTally } from '../../../src/app/queues/tally.js';

const SENT = { datagrams: 2, failed: 1, fragments: 7, strayFragments: 1, octets: 6000 };
const WAY = { way: 'cut', why: 'first' } as never;

describe('a tally of several senders', () => {
  it('sums as if it were one', () => {
    const tally = new QueueTally(3);
    tally.set(0, 10, { ...SENT, idents: { first: 5, last: 6 }, ways: [WAY] });
    tally.set(1, 20, { ...SENT, idents: { first: 8, last: 9 }, ways: [WAY] });
    const { datagrams, failed, fragments, strayFragments, octets, idents, ways } = tally;
    assert.deepEqual([datagrams, failed, fragments, strayFragments, octets], [4, 2, 14, 2, 12_000]);
    assert.deepEqual([idents, ways], [{ first: 5, last: 9 }, [WAY]]);
  });

  it('knows all that was sent until the oldest of the last reports, and everything at the end', () => {
    const tally = new QueueTally(2);
    tally.set(0, 10, { ...SENT, idents: null, ways: [] });
    assert.equal(tally.toldUntil, Number.NEGATIVE_INFINITY, 'nothing of the other one is known');
    tally.set(1, 20, { ...SENT, idents: null, ways: [] });
    assert.equal(tally.toldUntil, 10);
    tally.ended();
    assert.equal(tally.toldUntil, Number.POSITIVE_INFINITY);
  });
});
