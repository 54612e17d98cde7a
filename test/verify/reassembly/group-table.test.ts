import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { Fragment } from '../../../src/verify/reassembly/fragment.js';
import type { Keyed } from '../../../src/verify/reassembly/keyed.js';

// Keys that fall into one bucket can be told only by who knows the seed.
const random = mock.method(Math, 'random', () => 0);
const { GroupTable } = await import('../../../src/verify/reassembly/group-table.js');
random.mock.restore();

/** Of two words: whatever the first one makes of the hash, the second one takes back. */
function keyOf(first: number): Int32Array {
  let h = Math.imul(first, 0x9e3779b1);
  h ^= h >>> 15;
  return Int32Array.of(first, h);
}

const fragmentOf = (key: Int32Array): Fragment => {
  const fragment = new Fragment();
  fragment.key.set(key);
  fragment.keyLen = key.length;
  return fragment;
};
const one = (key: Int32Array): Keyed => ({ key, hash: 0, next: undefined });

describe('datagrams whose keys fall into one bucket', () => {
  const all = [1, 2, 3].map((first) => one(keyOf(first)));
  for (const [gone, { key: goneKey }] of all.entries()) {
    it(`are found still when the one that was added as number ${gone + 1} is gone`, () => {
      const table = new GroupTable();
      for (const each of all) table.add(each, { key: each.key, keyLen: 2 }, false);
      assert.equal(new Set(all.map(({ hash }) => hash)).size, 1);
      for (const each of all) assert.equal(table.find(fragmentOf(each.key)), each);
      table.remove(all[gone]!);
      for (const each of all) assert.equal(table.find(fragmentOf(each.key)), each === all[gone] ? undefined : each);
      assert.equal(table.isFree(fragmentOf(goneKey)), false, 'others look like it');
      for (const each of all) if (each !== all[gone]) table.remove(each);
      assert.equal(table.isFree(fragmentOf(goneKey)), true);
    });
  }

  it('are others where one key is only longer', () => {
    const table = new GroupTable();
    const [first] = all as [Keyed];
    table.add(first, { key: first.key, keyLen: 2 }, true);
    assert.equal(table.find(fragmentOf(Int32Array.of(...first.key, 0))), undefined);
  });
});
