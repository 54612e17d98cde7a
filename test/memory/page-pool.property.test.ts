import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FIRST_FOREIGN, PagePool } from '../../src/memory/page-pool.js';
import { UserMemory } from '../../src/memory/user-memory.js';
import { Random } from '../fuzz/random.js';

const PAGES = 12;

/** What a pool must do, without its lists: who holds how many references, and the order in which pages came back. */
class Model {
  readonly refs = new Array<number>(PAGES).fill(0);
  /** Free pages, the next to be taken last. */
  readonly free = Array.from({ length: PAGES }, (_, i) => PAGES - 1 - i);

  take(page: number): number {
    this.free.splice(this.free.indexOf(page), 1);
    this.refs[page] = 1;
    return page;
  }

  page(): number {
    return this.free.length === 0 ? -1 : this.take(this.free.at(-1)!);
  }

  run(count: number): number {
    if (count === 1) return this.page();
    for (let first = 0; first + count <= PAGES; first++) {
      if (!this.refs.slice(first, first + count).every((refs) => refs === 0)) continue;
      for (let page = first; page < first + count; page++) this.take(page);
      return first;
    }
    return -1;
  }

  /** Whether it came back. */
  put(page: number): boolean {
    this.refs[page]! -= 1;
    if (this.refs[page]! > 0) return false;
    this.free.push(page);
    return true;
  }
}

describe('a page pool', () => {
  it('does what a list of free pages and their counts do, whatever is taken and given back', () => {
    for (let execution = 0; execution < 200; execution++) {
      const random = new Random(5, execution);
      const pool = new PagePool(new UserMemory({ pages: PAGES, arenaLen: 4096 }));
      const model = new Model();
      let told = 0;
      let back = 0;
      pool.onFree = () => {
        told += 1;
      };
      for (let step = 0; step < 60; step++) {
        const held = model.refs.flatMap((refs, page) => (refs > 0 ? [page] : []));
        const kind = random.below(5);
        if (kind === 0) assert.equal(pool.allocPage(), model.page());
        else if (kind === 1) {
          const count = 1 + random.below(5);
          assert.equal(pool.allocRun(count), model.run(count));
        } else if (held.length === 0) continue;
        else if (kind === 2) {
          const page = random.pick(held);
          pool.getPage(page);
          model.refs[page]! += 1;
        } else {
          const page = random.pick(held);
          pool.putPage(page);
          back += Number(model.put(page));
        }
        assert.equal(pool.freePages, model.free.length);
        assert.deepEqual(
          model.refs.map((_, page) => pool.pageCount(page)),
          model.refs,
        );
      }
      assert.equal(told, back);
      // The rest comes out in the order in which it came back.
      assert.deepEqual(
        model.free.map(() => pool.allocPage()),
        model.free.toReversed(),
      );
    }
  });

  it('has as many foreign pages as buffers that somebody refers to, each with its own octets', () => {
    const pool = new PagePool(new UserMemory({ pages: 1, arenaLen: 4096 }));
    const buffers = Array.from({ length: 5 }, (_, i) => new Uint8Array(10).fill(i + 1));
    const pages = buffers.map((bytes) => pool.adoptForeign(bytes));
    assert.deepEqual(
      pages,
      [0, 1, 2, 3, 4].map((i) => FIRST_FOREIGN + i),
    );
    for (const [i, page] of pages.entries()) {
      assert.equal(pool.foreignBytes(page), buffers[i]);
      for (let extra = 0; extra < i; extra++) pool.getPage(page);
      assert.equal(pool.pageCount(page), 1 + i);
    }
    for (let round = 0; round < 5; round++) {
      assert.equal(pool.foreignPages, 5 - round);
      for (const page of pages.slice(round)) pool.putPage(page);
      assert.equal(pool.pageCount(pages[round]!), 0);
    }
    assert.equal(pool.foreignPages, 0);
    assert.equal(pool.adoptForeign(new Uint8Array(1)), FIRST_FOREIGN + 5, 'numbers do not come again');
    assert.ok(!pool.isForeign(FIRST_FOREIGN - 1) && pool.isForeign(FIRST_FOREIGN));
  });

  it('copies out of a run of pages, and out of a foreign one', () => {
    const memory = new UserMemory({ pages: 3, arenaLen: 4096 });
    const pool = new PagePool(memory);
    for (let i = 0; i < memory.pages.len; i++) memory.bytes[i] = (i * 7 + (i >>> 8)) & 0xff;
    const target = new Uint8Array(5010).fill(0xee);
    pool.copyOut(1, 100, 5000, target, 5);
    assert.deepEqual(target.slice(5, 5005), memory.bytes.slice(4196, 9196));
    assert.deepEqual([...target.subarray(0, 5), ...target.subarray(5005)], new Array(10).fill(0xee));
  });
});
