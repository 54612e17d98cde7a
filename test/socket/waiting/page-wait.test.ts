import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { ERRNO, systemError, UfoError } from '../../../src/errors.js';
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

  it('serves in order, also where a later one needs less, and goes on with who stands behind one that gave up', async () => {
    const pool = new PagePool(new UserMemory({ pages: 8 }));
    const wait = new PageWait(pool, () => true);
    const held = taker(pool, 6).take();
    const stop = new AbortController();
    const large = wait.until(taker(pool, 8).take, stop.signal);
    const small = taker(pool, 1);
    let served = false;
    const behind = wait.until(small.take).then(() => {
      served = true;
    });
    await turns(3);
    assert.deepEqual([wait.waiting, served, small.attempts], [true, false, 0]);
    pool.putPage(held.pop()!);
    await turns(3);
    assert.equal(served, false);
    stop.abort(new Error('enough'));
    await assert.rejects(large, /enough/);
    await behind;
    assert.equal(wait.waiting, false);
    await assert.rejects(wait.until(taker(pool, 1).take, AbortSignal.abort(new Error('before'))), /before/);
  });

  it('listens to a signal only while it waits', async () => {
    const pool = new PagePool(new UserMemory({ pages: 2 }));
    const wait = new PageWait(pool, () => true);
    const held = taker(pool, 2).take();
    const { signal } = new AbortController();
    const [served, failed] = [taker(pool, 1), taker(pool, 2)].map(({ take }) => wait.until(take, signal));
    assert.equal(getEventListeners(signal, 'abort').length, 2);
    pool.putPage(held.pop()!);
    await served;
    assert.equal(getEventListeners(signal, 'abort').length, 1);
    wait.fail(new UfoError('ERR_UFO_BUG', 'it is over'));
    await assert.rejects(failed!, /it is over/);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('says ENOMEM where nothing is on its way back, and EAGAIN where something is or others wait', async () => {
    const pool = new PagePool(new UserMemory({ pages: 4 }));
    let pending = false;
    const wait = new PageWait(pool, () => pending);
    const held = taker(pool, 3).take();
    const all = taker(pool, 4);
    assert.throws(() => wait.now(all.take), { code: 'ENOMEM' });
    await assert.rejects(wait.until(all.take), { code: 'ENOMEM', hint: /poolPages/ });
    pending = true;
    assert.throws(() => wait.now(all.take), { code: 'EAGAIN' });
    const waiting = wait.until(all.take);
    assert.throws(() => wait.now(taker(pool, 1).take), { code: 'EAGAIN' });
    assert.throws(
      () =>
        new PageWait(new PagePool(new UserMemory({ pages: 1 })), () => true).now(() => {
          throw new Error('mine');
        }),
      /mine/,
    );
    pending = false;
    for (const page of held) pool.putPage(page);
    assert.equal((await waiting).length, 4);
  });

  it('fails those whose attempt fails otherwise, and all of them when it is told to', async () => {
    const pool = new PagePool(new UserMemory({ pages: 4 }));
    const wait = new PageWait(pool, () => true);
    const failing = wait.until(() => {
      throw systemError(ERRNO.EINVAL, 'mine');
    });
    await assert.rejects(failing, { code: 'EINVAL' });
    taker(pool, 4).take();
    const [one, other] = [wait.until(taker(pool, 1).take), wait.until(taker(pool, 1).take)];
    wait.fail(systemError(ERRNO.EBADF, 'send'));
    await assert.rejects(one, { code: 'EBADF' });
    await assert.rejects(other, { code: 'EBADF' });
    assert.equal(wait.waiting, false);
  });
});
