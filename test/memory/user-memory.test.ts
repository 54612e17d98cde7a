import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PAGE_SIZE, UserMemory } from '../../src/memory/user-memory.js';

describe('the memory of a sender', () => {
  it('has its regions one behind the other, each beginning a page, all of them in it', () => {
    for (const options of [
      {},
      { pages: 3, arenaLen: 100 },
      { pages: 1, arenaLen: 4097, umemLen: 10_000, slotsLen: 8192 },
    ]) {
      const { pages, arena, table, umem, rings, slots, bytes } = new UserMemory(options);
      let end = 0;
      for (const { offset, len } of [pages, arena, table, umem, rings, slots]) {
        assert.equal(offset, end);
        assert.equal(offset % PAGE_SIZE, 0);
        end = offset + len;
      }
      assert.ok(end <= bytes.length && bytes.length - end < 65_536);
      assert.ok(arena.len >= (options.arenaLen ?? 131_072) && arena.len < (options.arenaLen ?? 131_072) + PAGE_SIZE);
      assert.equal(rings.len > 0, options.umemLen !== undefined);
      assert.equal(slots.len, options.slotsLen ?? 0);
    }
  });

  it('has 512 user pages where nobody asks for another number', () => {
    assert.equal(new UserMemory().pages.len, 512 * PAGE_SIZE);
    for (const pages of [0, 1.5, 262_145]) assert.throws(() => new UserMemory({ pages }), /poolPages: .*1 … 262144/);
  });

  it('has an address that stays, and views of the same octets', () => {
    const memory = new UserMemory({ pages: 1 });
    memory.bytes.set([1, 2, 3, 4]);
    assert.deepEqual([memory.words[0], memory.view.getUint32(0)], [0x0403_0201, 0x0102_0304]);
    assert.ok(memory.address > 0 && memory.address % PAGE_SIZE === 0);
  });
});
