import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRNO, systemError } from '../../../src/errors.js';
import { PagePool } from '../../../src/memory/page-pool.js';
import { UserMemory } from '../../../src/memory/user-memory.js';
import { PageWait } from '../../../src/socket/waiting/page-wait.js';
import { turns } from '../fake-device.js';

/** Takes `count` pages one by one, and gives them back where they do not suffice, as an skb that is filled does. */
function taker(pool: PagePool, count: number): { readonly take: () => number[]; attempts: number } {
  const one = {
    attempts: 0,
    take: () => {
      one.attempts += 1;
      const pages: number[] = [];
      while (pages.length < count) {
        const page = pool.freePages > 0 ? pool.allocPage() : -1;
        if (page < 0) {
          for (const taken of pages) pool.putPage(taken);
          throw systemError(ERRNO.ENOMEM, 'alloc');
        }
        pages.push(page);
      }
      return pages;
    },
  };
  return one;
}

describe('PageWait', () => {
  it('tries again for pages that come back, not for those that a failed attempt gives back', async () => {
    const pool = new PagePool(new UserMemory({ pages: 8 }));
    const wait = new PageWait(pool, () => true);
    const held = taker(pool, 4).take();
    const large = taker(pool, 8);
    const served = wait.until(large.take);
    pool.putPage(held.pop()!);
    await turns(5);
    assert.equal(large.attempts, 2);
    for (const page of held) pool.putPage(page);
    assert.equal((await served).length, 8);
    assert.equal(large.attempts, 3);
  });
});
