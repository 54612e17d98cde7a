import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { skbAppendDatatoFrags } from '../../src/skb/append-datato-frags.js';
import { skbClone } from '../../src/skb/clone.js';
import { skbCopyUbufs } from '../../src/skb/copy-ubufs.js';
import { pskbCopy, pskbExpandHead } from '../../src/skb/expand-head.js';
import { skbAddForeignFrag, skbFillPageDesc, skbZcopy, skbZcopySet } from '../../src/skb/fill-page-desc.js';
import { getfragFromBytes } from '../../src/skb/getfrag.js';
import { skbLinearize } from '../../src/skb/linearize.js';
import { skbRecycleCheck } from '../../src/skb/recycle.js';
import { consumeSkb, kfreeSkb, skbTxError } from '../../src/skb/release.js';
import { type SkBuff, skbGet, skbPut } from '../../src/skb/skbuff.js';
import { Sock } from '../../src/skb/sock.js';
import { UbufInfo, ubufGet, ubufPut } from '../../src/skb/ubuf-info.js';
import { FaultyPool, newSkb, octetsOf, pattern, stateOf } from './faulty-pool.js';

const fails = (code: string) => (error: unknown) => (error as { code: string }).code === code;

/** A zero-copy skb of 20 octets of head, two user pages, the second from its middle, and a foreign page of 9,000 octets. */
function zeroCopySkb(pool: FaultyPool, sk: Sock | null = null): { skb: SkBuff; told: boolean[]; ubuf: UbufInfo } {
  const skb = newSkb(pool, sk);
  pool.memory.bytes.set(pattern(20, 9), skbPut(skb, 20));
  for (const [offset, size] of [
    [0, 4096],
    [1000, 777],
  ] as const) {
    const page = pool.allocPage();
    pool.memory.bytes.set(pattern(4096, page), pool.offsetOf(page));
    skbFillPageDesc(skb, page, offset, size);
  }
  skbAddForeignFrag(skb, pattern(9000, 3));
  const told: boolean[] = [];
  const ubuf = new UbufInfo((_, success) => told.push(success));
  skbZcopySet(skb, ubuf);
  return { skb, told, ubuf };
}

const sizes = (skb: SkBuff): number[][] => skb.shinfo.frags.map(({ offset, size }) => [offset, size]);

describe('completion of user pages', () => {
  it('comes once, after the last reference on the skb, true where they went as they are', () => {
    const pool = new FaultyPool();
    const { skb, told } = zeroCopySkb(pool);
    skbGet(skb);
    consumeSkb(skb);
    assert.deepEqual(told, []);
    consumeSkb(skb);
    assert.deepEqual(told, [true]);
    assert.equal(pool.freePages, pool.pages);
    assert.equal(pool.foreignPages, 0);
    assert.throws(() => consumeSkb(skb), /freed twice/);
    assert.deepEqual(told, [true]);
  });

  it('is false where any part of it failed or was copied', () => {
    const pool = new FaultyPool();
    const failed = zeroCopySkb(pool);
    skbGet(failed.skb);
    kfreeSkb(failed.skb);
    consumeSkb(failed.skb);
    assert.deepEqual(failed.told, [false]);
    const copied = zeroCopySkb(pool);
    skbTxError(copied.skb);
    consumeSkb(copied.skb);
    assert.deepEqual(copied.told, [false]);
  });

  it('gives ctx and desc to the callback, with pages, head and account back already', () => {
    const pool = new FaultyPool();
    const sk = new Sock();
    const skb = newSkb(pool, sk);
    skbFillPageDesc(skb, pool.allocPage(), 0, 10);
    const ctx = {};
    let calls = 0;
    const ubuf = new UbufInfo(
      (told) => {
        calls += 1;
        assert.deepEqual([told.ctx, told.desc, pool.freePages, sk.wmemAlloc], [ctx, 7, pool.pages, 0]);
      },
      ctx,
      7,
    );
    skbZcopySet(skb, ubuf);
    consumeSkb(skb);
    assert.equal(calls, 1);
  });

  it('waits for whoever else holds it, and takes the worst of their news', () => {
    const { skb, told, ubuf } = zeroCopySkb(new FaultyPool());
    ubufGet(ubuf);
    kfreeSkb(skb);
    assert.deepEqual(told, []);
    ubufPut(ubuf, true);
    assert.deepEqual(told, [false]);
    assert.throws(() => ubufPut(ubuf, true), /completed twice/);
    assert.throws(() => ubufGet(ubuf), /after its completion/);
  });

  it('is refused twice on one skb, and on a clone', () => {
    const pool = new FaultyPool();
    const { skb } = zeroCopySkb(pool);
    assert.throws(() => skbZcopySet(skb, new UbufInfo(() => {})), fails('EINVAL'));
    const plain = newSkb(pool);
    skbClone(plain);
    assert.throws(() => skbZcopySet(plain, new UbufInfo(() => {})), fails('EINVAL'));
  });

  it('a half-built skb is freed without one', () => {
    const pool = new FaultyPool();
    const skb = newSkb(pool);
    skbAddForeignFrag(skb, pattern(100));
    kfreeSkb(skb);
    assert.equal(pool.foreignPages, 0);
  });
});

describe('skbCopyUbufs', () => {
  it('puts every frag at the beginning of a page of the pool, sizes and order kept, and tells false', () => {
    const pool = new FaultyPool();
    const sk = new Sock();
    const { skb, told } = zeroCopySkb(pool, sk);
    const before = octetsOf(skb);
    skbCopyUbufs(skb);
    assert.deepEqual(told, [false]);
    assert.equal(skbZcopy(skb), false);
    assert.equal(skb.shinfo.destructorArg, null);
    assert.deepEqual(sizes(skb), [
      [0, 4096],
      [0, 777],
      [0, 9000],
    ]);
    assert.deepEqual(octetsOf(skb), before);
    assert.equal(pool.foreignPages, 0);
    assert.equal(pool.freePages, pool.pages - 1 - 2 - 3);
    assert.equal(sk.wmemAlloc, skb.truesize);
    skbCopyUbufs(skb);
    consumeSkb(skb);
    assert.deepEqual(told, [false]);
    assert.equal(pool.freePages, pool.pages);
    assert.equal(sk.wmemAlloc, 0);
  });

  it('leaves the user’s pages to the user', () => {
    const pool = new FaultyPool();
    const { skb } = zeroCopySkb(pool);
    const users = skb.shinfo.frags[0]!.page;
    pool.getPage(users);
    const octets = pool.memory.bytes.slice(pool.offsetOf(users), pool.offsetOf(users) + 4096);
    skbCopyUbufs(skb);
    assert.equal(pool.pageCount(users), 1);
    assert.deepEqual(pool.memory.bytes.slice(pool.offsetOf(users), pool.offsetOf(users) + 4096), octets);
    pool.memory.bytes.fill(0, pool.offsetOf(users), pool.offsetOf(users) + 4096);
    assert.deepEqual(octetsOf(skb).subarray(20, 4116), octets);
  });

  it('is refused while others refer to the skb: rows may point at its pages', () => {
    const { skb, told } = zeroCopySkb(new FaultyPool());
    const before = stateOf(skbGet(skb));
    for (const share of [skbCopyUbufs, skbClone, pskbCopy, skbLinearize, (s: SkBuff) => pskbExpandHead(s, 0, 0)]) {
      assert.throws(() => share(skb), fails('EINVAL'));
      assert.deepEqual(stateOf(skb), before);
    }
    assert.deepEqual(told, []);
  });
});

describe('every way to share a zero-copy skb', () => {
  const WAYS: Readonly<Record<string, (skb: SkBuff) => SkBuff>> = {
    skbCopyUbufs: (skb) => {
      skbCopyUbufs(skb);
      return skb;
    },
    skbClone: (skb) => skbClone(skb),
    pskbCopy: (skb) => pskbCopy(skb),
    pskbExpandHead: (skb) => {
      pskbExpandHead(skb, 5000, 0);
      return skb;
    },
  };
  for (const [name, share] of Object.entries(WAYS)) {
    it(`${name} copies the pages first, or fails with ENOMEM and changes nothing, at each allocation`, () => {
      const pool = new FaultyPool();
      const sk = new Sock();
      const { skb, told } = zeroCopySkb(pool, sk);
      const octets = octetsOf(skb);
      const before = stateOf(skb);
      let result = skb;
      const failures = pool.failEach(
        () => {
          result = share(skb);
        },
        (error) => {
          assert.equal(error.code, 'ENOMEM');
          assert.deepEqual(stateOf(skb), before);
          assert.deepEqual(told, []);
        },
      );
      assert.ok(failures >= 3);
      assert.deepEqual(told, [false]);
      assert.equal(skbZcopy(skb), false);
      assert.deepEqual(sizes(skb), [
        [0, 4096],
        [0, 777],
        [0, 9000],
      ]);
      assert.deepEqual(octetsOf(skb), octets);
      assert.deepEqual(octetsOf(result), octets);
      for (const one of new Set([skb, result])) consumeSkb(one);
      assert.deepEqual(told, [false]);
      assert.equal(pool.freePages, pool.pages);
      assert.equal(sk.wmemAlloc, 0);
    });
  }

  it('skbLinearize does too, straight into the head', () => {
    const pool = new FaultyPool();
    const sk = new Sock();
    const { skb, told } = zeroCopySkb(pool, sk);
    const octets = octetsOf(skb);
    const before = stateOf(skb);
    const failures = pool.failEach(
      () => skbLinearize(skb),
      () => assert.deepEqual(stateOf(skb), before),
    );
    assert.equal(failures, 1);
    assert.deepEqual(told, [false]);
    assert.deepEqual(octetsOf(skb), octets);
    assert.equal(skb.dataLen, 0);
    assert.equal(sk.wmemAlloc, skb.truesize);
    assert.equal(pool.foreignPages, 0);
    consumeSkb(skb);
    assert.equal(pool.freePages, pool.pages);
  });

  it('skbRecycleCheck refuses', () => {
    const pool = new FaultyPool();
    const skb = newSkb(pool);
    skbZcopySet(skb, new UbufInfo(() => {}));
    assert.equal(skbRecycleCheck(skb, 100), false);
  });

  it('and appending afterwards goes into pages of our own', () => {
    const pool = new FaultyPool();
    const { skb } = zeroCopySkb(pool);
    skbCopyUbufs(skb);
    const before = octetsOf(skb);
    skbAppendDatatoFrags(null, skb, getfragFromBytes, pattern(50, 5), 50);
    assert.deepEqual(octetsOf(skb), Uint8Array.from([...before, ...pattern(50, 5)]));
  });
});
