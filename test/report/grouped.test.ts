import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grouped } from '../../src/report/grouped.js';

test('a number for people is as Node writes it in English, without asking its languages', () => {
  const values = [0, 7, 999, 1000, 65_507, 1_234_567, 1e15, 0.5, 0.0004, 12.3456, 1234.5678, 999.9996];
  for (const value of values.flatMap((one) => [one, -one])) {
    const want = value.toLocaleString('en').replace(/^-0$/, '0');
    assert.equal(grouped(value), want, String(value));
  }
});
