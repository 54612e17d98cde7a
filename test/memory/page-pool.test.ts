import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FIRST_FOREIGN, PagePool } from '../../src/memory/page-pool.js';
import { UserMemory } from '../../src/memory/user-memory.js';

const newPool = (pages: number): PagePool => new PagePool(new UserMemory({ pages, arenaLen: 4096 }));

describe('page pool', () => {
  it('hands out every page once, then −1', () => {
    const pool = newPool(5);
    assert.deepEqual(
      Array.from({ length: 7 }, () => pool.allocPage()),
      [0, 1, 2, 3, 4, -1, -1],
    );
    assert.equal(pool.freePages, 0);
  });

  it('takes the page freed last first', () => {
    const pool = newPool(4);
    const pages = [pool.allocPage(), pool.allocPage(), pool.allocPage()];
    for (const page of pages) pool.putPage(page);
    assert.deepEqual([pool.allocPage(), pool.allocPage(), pool.allocPage(), pool.allocPage()], [2, 1, 0, 3]);
  });

  it('frees a page with its last reference, tells who waits, and knows a page freed twice', () => {
    const pool = newPool(2);
    let told = 0;
    pool.onFree = () => {
      told += 1;
    };
    const page = pool.allocPage();
    pool.getPage(page);
    pool.putPage(page);
    assert.deepEqual([pool.pageCount(page), pool.freePages, told], [1, 1, 0]);
    pool.putPage(page);
    assert.deepEqual([pool.pageCount(page), pool.freePages, told], [0, 2, 1]);
    assert.throws(() => pool.putPage(page), /freed twice/);
  });

  it('finds runs between pages in use, anywhere in the free list', () => {
    const pool = newPool(10);
    for (let i = 0; i < 10; i++) pool.allocPage();
    for (const page of [7, 1, 5, 2, 6, 9]) pool.putPage(page);
    assert.deepEqual(
      [1, 2, 3, 4].map((most) => pool.longestRun(most)),
      [1, 2, 3, 3],
    );
    assert.equal(pool.allocRun(4), -1);
    assert.equal(pool.allocRun(3), 5);
    assert.equal(pool.longestRun(3), 2);
    assert.equal(pool.allocRun(2), 1);
    assert.equal(pool.allocPage(), 9);
    assert.equal(pool.allocPage(), -1);
    assert.equal(pool.freePages, 0);
  });

  it('takes a caller’s buffer as a page, until its last reference goes', () => {
    const pool = newPool(1);
    const bytes = Uint8Array.of(1, 2, 3, 4, 5);
    const page = pool.adoptForeign(bytes);
    assert.ok(page >= FIRST_FOREIGN && pool.isForeign(page));
    assert.equal(pool.foreignBytes(page), bytes);
    pool.getPage(page);
    pool.putPage(page);
    assert.equal(pool.pageCount(page), 1);
    const out = new Uint8Array(3);
    pool.copyOut(page, 1, 2, out, 1);
    assert.deepEqual(out, Uint8Array.of(0, 2, 3));
    pool.putPage(page);
    assert.equal(pool.foreignPages, 0);
    assert.equal(pool.freePages, 1);
    assert.throws(() => pool.putPage(page), /freed twice/);
  });

  it('gives addresses that follow the memory, and a foreign buffer’s own', () => {
    const pool = newPool(3);
    assert.equal(pool.addressOf(2) - pool.addressOf(0), 8192);
    assert.equal(pool.addressOf(0) % 4096, 0);
    const whole = new Uint8Array(1000);
    const [a, b] = [pool.adoptForeign(whole), pool.adoptForeign(whole.subarray(10))];
    assert.equal(pool.addressOf(b) - pool.addressOf(a), 10);
  });

  it('refuses a size that is none', () => {
    for (const pages of [0, -1, 1.5, 262_145]) {
      assert.throws(() => new UserMemory({ pages }), { code: 'ERR_UFO_INVALID_ARGUMENT' });
    }
  });
});
