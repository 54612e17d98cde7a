import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpenNames } from '../../src/compare/open-names.js';

/** Processor time, milliseconds, of taking `count` things of one name out, the first first. */
function takeAll(count: number): number {
  const names = new OpenNames<object>();
  const all = Array.from({ length: count }, () => ({}));
  const began = process.cpuUsage().user;
  for (const one of all) names.add('digest', one);
  for (const one of all) {
    assert.ok(names.find('digest', () => true) === one, 'the first told is the first found');
    names.delete('digest', one);
  }
  return (process.cpuUsage().user - began) / 1000;
}

describe('things of one name', () => {
  it('cost the same each, however many were taken out before', () => {
    takeAll(15_000);
    const few = takeAll(15_000);
    assert.ok(takeAll(240_000) < 50 * Math.max(few, 10), 'sixteen times as many');
  });

  it('are found wherever they stand, and not when they are gone', () => {
    const names = new OpenNames<number>();
    for (const one of [1, 2, 3, 2]) names.add('x', one);
    assert.equal(
      names.findOnly('x', (one) => one > 1),
      undefined,
    );
    names.delete('x', 2);
    assert.deepEqual([names.find('x', () => true), names.findOnly('x', (one) => one > 1)], [1, 3]);
    names.delete('x', 1);
    names.delete('x', 3);
    assert.equal(
      names.find('x', () => true),
      undefined,
    );
  });
});
