import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fifo } from '../../src/memory/fifo.js';

describe('Fifo', () => {
  it('does what an array does, whatever is put in and taken out', () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 400 }) }),
      fc.record({ shift: fc.integer({ min: 1, max: 400 }) }),
      fc.record({ multiplesOf: fc.integer({ min: 2, max: 5 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        let next = 0;
        for (const { push = 0, shift = 0, multiplesOf } of steps as Partial<Record<string, number>>[]) {
          for (let i = 0; i < push; i++, next++) {
            fifo.push(next);
            model.push(next);
          }
          for (let i = 0; i < shift; i++) assert.equal(fifo.shift(), model.shift());
          if (multiplesOf !== undefined) {
            const out = model.filter((item) => item % multiplesOf === 0);
            assert.deepEqual(
              fifo.takeOut((item) => item % multiplesOf === 0),
              out,
            );
            model.splice(0, Infinity, ...model.filter((item) => item % multiplesOf !== 0));
          }
          assert.equal(fifo.length, model.length);
          assert.equal(fifo.peek(), model[0]);
        }
        assert.deepEqual(
          fifo.takeOut(() => true),
          model,
        );
      }),
    );
  });

  it('takes constant time for each of a million that wait', () => {
    const fifo = new Fifo<number>();
    for (let i = 0; i < 1_000_000; i++) fifo.push(i);
    let sum = 0;
    for (let item = fifo.shift(); item !== undefined; item = fifo.shift()) sum += item;
    assert.equal(sum, (999_999 * 1_000_000) / 2);
  });
});
