import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { same } from './same.js';

describe('same', () => {
  const value = { a: 1, list: [1, [null, 'x']], octets: Uint8Array.of(1, 2), none: undefined, hole: Number.NaN };

  it('takes a copy for the same', () => assert.ok(same(structuredClone(value), value)));

  for (const [what, other] of Object.entries({
    'another number': { ...value, a: 2 },
    'another type': { ...value, a: '1' },
    'null for an object': { ...value, list: null },
    'a longer list': { ...value, list: [...value.list, 2] },
    'something deep in a list': { ...value, list: [1, [null, 'y']] },
    'an object for a list': { ...value, list: { ...value.list } },
    'other octets': { ...value, octets: Uint8Array.of(1, 3) },
    'fewer octets': { ...value, octets: Uint8Array.of(1) },
    'a list for octets': { ...value, octets: [1, 2] },
    'a field less': { a: 1, list: value.list, octets: value.octets, none: undefined },
    'a field of another name': { a: 1, list: value.list, octets: value.octets, nobody: undefined, hole: Number.NaN },
    'another order of fields': { list: value.list, a: 1, octets: value.octets, none: undefined, hole: Number.NaN },
  })) {
    it(`tells ${what}`, () => {
      assert.ok(!same(value, other));
      assert.ok(!same(other, value));
    });
  }
});
