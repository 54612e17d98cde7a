import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NumberTally } from '../../src/compare/numbers.js';

/** Sender and number of each, in the order they come. */
type Came = readonly (readonly [sender: string, number: number])[];

function figures(came: Came, fromZero = false) {
  const tally = new NumberTally(fromZero);
  for (const [sender, number] of came) tally.add('1', number, sender);
  return tally.figures;
}

const range = (sender: string, first: number, end: number, step = 1): Came =>
  Array.from({ length: Math.ceil((end - first) / step) }, (_, i) => [sender, first + i * step] as const);

describe('numbers of several senders of one seed', () => {
  it('are one series where they share it out, and what none of them sent is missing', () => {
    const shared = [...range('a', 0, 100, 2), ...range('b', 1, 100, 2)];
    assert.deepEqual(figures(shared), { missing: 0, doubled: 0, late: 0, lateBy: 0 });
    const without = shared.filter(([, number]) => number !== 50 && number !== 61);
    assert.equal(figures(without).missing, 2);
    assert.equal(figures([...without, ['a', 48]]).doubled, 1);
  });

  it('are a series of each where they do not know of each other', () => {
    const apart = [...range('a', 0, 50), ...range('b', 0, 90).filter(([, number]) => number !== 7)];
    assert.deepEqual(figures(apart), { missing: 1, doubled: 0, late: 0, lateBy: 0 });
  });

  it('that are far apart are not missing between them', () => {
    assert.equal(figures([...range('a', 5000, 5010), ...range('b', 0, 10)]).missing, 0);
  });

  it('begin with 0 where the whole is at hand', () => {
    assert.equal(figures([...range('a', 2, 100, 2), ...range('b', 1, 100, 2)], true).missing, 1);
  });

  it('are remembered of senders that are too many to keep', () => {
    const flows = 3000;
    const came = Array.from({ length: 3 * flows }, (_, i) => [`port ${i % flows}`, i] as const);
    assert.equal(figures(came).missing, 0);
    assert.equal(figures(came.filter(([, number]) => number !== 4000)).missing, 1);
  });
});
