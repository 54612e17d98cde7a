import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { skbClone } from '../../src/skb/clone.js';
import { skbCopyUbufs } from '../../src/skb/copy-ubufs.js';
import { pskbExpandHead } from '../../src/skb/expand-head.js';
import { skbAddForeignFrag, skbFillPageDesc, skbZcopySet } from '../../src/skb/fill-page-desc.js';
import { skbLinearize } from '../../src/skb/linearize.js';
import { skbRecycleCheck } from '../../src/skb/recycle.js';
import { MAX_SKB_FRAGS } from '../../src/skb/shared-info.js';
import { allocSkb, type SkBuff, skbGet, skbPut } from '../../src/skb/skbuff.js';
import { Sock } from '../../src/skb/sock.js';
import { UbufInfo } from '../../src/skb/ubuf-info.js';
import { FaultyPool, newSkb, octetsOf, pattern } from './faulty-pool.js';

const PAGE = 4096;

/** An skb with `head` octets in its head and a page of the pool behind it, `size` of it used. */
function skbWith(pool: FaultyPool, head: number, size: number): SkBuff {
  const skb = allocSkb(pool, PAGE);
  pool.memory.bytes.set(pattern(head, 1), skbPut(skb, head));
  const page = pool.allocPage();
  pool.memory.bytes.set(pattern(PAGE, 2), pool.offsetOf(page));
  skbFillPageDesc(skb, page, 0, size);
  return skb;
}

describe('at their limits skbs', () => {
  it('take 17 frags, nothing of nothing, and say which rule the next one breaks', () => {
    const pool = new FaultyPool();
    const skb = allocSkb(pool, 100);
    skbAddForeignFrag(skb, new Uint8Array(0));
    assert.equal(skb.shinfo.frags.length, 0);
    for (let i = 0; i < MAX_SKB_FRAGS; i++) skbAddForeignFrag(skb, pattern(3, i));
    assert.throws(() => skbAddForeignFrag(skb, pattern(3)), { code: 'EMSGSIZE' });
    assert.deepEqual([skb.shinfo.frags.length, skb.len], [17, 51]);
    assert.throws(() => skbPut(skb, 1), /skbPut/); // behind frags there is no tail
    skbZcopySet(skb, new UbufInfo(() => {}));
    assert.throws(() => skbZcopySet(skb, new UbufInfo(() => {})), /has a completion already/);
    const plain = skbWith(pool, 10, 20);
    skbClone(plain);
    assert.throws(() => skbZcopySet(plain, new UbufInfo(() => {})), /belong to a clone/);
    assert.throws(() => skbAddForeignFrag(plain, pattern(3)), /belong to a clone/);
  });

  it('are linearized where they lie as long as the head has room, to the last octet', () => {
    for (const [head, size, stays] of [
      [96, 4000, true],
      [97, 4000, false],
      [0, 4096, true],
    ] as const) {
      const skb = skbWith(new FaultyPool(), head, size);
      const { headPage } = skb;
      const octets = octetsOf(skb);
      skbLinearize(skb);
      assert.deepEqual(octetsOf(skb), octets);
      assert.equal(skb.headPage === headPage && skb.headPages === 1, stays, `${head} and ${size}`);
    }
  });

  it('keep positions that are none, and move those at either end of the head', () => {
    const pool = new FaultyPool();
    pool.allocPage(); // the head lies at 0 otherwise, which is also none
    const skb = skbWith(pool, 100, 50);
    skb.networkHeader = skb.head;
    skb.transportHeader = skb.end;
    const { head, end } = skb;
    pskbExpandHead(skb, 64, PAGE);
    const delta = skb.data - head;
    assert.deepEqual([skb.macHeader, skb.networkHeader, skb.transportHeader], [0, head + delta, end + delta]);
    assert.notEqual(delta, 0);
  });

  it('are not expanded while somebody else refers to them', () => {
    const skb = skbGet(skbWith(new FaultyPool(), 100, 50));
    const { headPage } = skb;
    assert.throws(() => pskbExpandHead(skb, 1, 1), { code: 'EINVAL' });
    assert.equal(skb.headPage, headPage);
  });

  it('are charged for the pages that copies of user pages take', () => {
    const pool = new FaultyPool();
    const sk = new Sock();
    const skb = newSkb(pool, sk);
    const page = pool.allocRun(2);
    skbFillPageDesc(skb, page, 4000, 200); // over the border: two pages, of which the copy needs one
    skbZcopySet(skb, new UbufInfo(() => {}));
    const before = skb.truesize;
    skbCopyUbufs(skb);
    assert.equal(skb.truesize, before - PAGE);
    assert.equal(sk.wmemAlloc, skb.truesize);
  });

  it('serve again as if they were new, also one that stood in a list', () => {
    const skb = allocSkb(new FaultyPool(), 100);
    skb.next = allocSkb(new FaultyPool(), 100);
    skbPut(skb, 30);
    assert.equal(skbRecycleCheck(skb, PAGE + 1), false);
    assert.equal(skbRecycleCheck(skb, PAGE), true);
    assert.deepEqual([skb.next, skb.len, skb.dataLen, skb.data, skb.tail], [null, 0, 0, skb.head, skb.head]);
  });
});

describe('a wait for memory', () => {
  it('leaves the signal alone once it is over, however it ends', async () => {
    const { signal } = new AbortController();
    const listening = { count: 0 };
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listening.count += 1;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listening.count -= 1;
      removeEventListener.apply(signal, args);
    };
    const sk = new Sock(100);
    sk.charge(100);
    const waits = [sk.waitForWmem(10, signal), sk.waitForWmem(10, signal)];
    assert.equal(listening.count, 2);
    sk.uncharge(5);
    await waits[0];
    sk.failWaiters(new Error('closing') as never);
    await assert.rejects(waits[1]!, /closing/);
    assert.equal(listening.count, 0);
  });
});
