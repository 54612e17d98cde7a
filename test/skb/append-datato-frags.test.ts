import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type GetFrag, skbAppendDatatoFrags } from '../../src/skb/append-datato-frags.js';
import { skbAddForeignFrag, skbZcopySet } from '../../src/skb/fill-page-desc.js';
import { getfragFromBytes, getfragFromPieces } from '../../src/skb/getfrag.js';
import { consumeSkb } from '../../src/skb/release.js';
import type { SkBuff } from '../../src/skb/skbuff.js';
import { Sock } from '../../src/skb/sock.js';
import { UbufInfo } from '../../src/skb/ubuf-info.js';
import { FaultyPool, newSkb, pattern, stateOf } from './faulty-pool.js';

function payloadOf(skb: SkBuff): Uint8Array {
  const out = new Uint8Array(skb.dataLen);
  let at = 0;
  for (const { page, offset, size } of skb.shinfo.frags) {
    skb.pool.copyOut(page, offset, size, out, at);
    at += size;
  }
  return out;
}

const fails = (code: string) => (error: unknown) => (error as { code: string }).code === code;

describe('skbAppendDatatoFrags', () => {
  it('fills page by page, for every length around a page border', () => {
    const pool = new FaultyPool();
    for (const length of [0, 1, 2, 4095, 4096, 4097, 8191, 8192, 8193, 65_507, 65_527, 17 * 4096]) {
      const sk = new Sock();
      const skb = newSkb(pool, sk);
      const bytes = pattern(length);
      skbAppendDatatoFrags(sk, skb, getfragFromBytes, bytes, length);
      assert.equal(skb.shinfo.frags.length, Math.ceil(length / 4096));
      assert.equal(skb.len, length);
      assert.equal(skb.dataLen, length);
      assert.equal(skb.truesize, 4096 * (1 + Math.ceil(length / 4096)));
      assert.equal(sk.wmemAlloc, skb.truesize);
      assert.deepEqual(payloadOf(skb), bytes);
      consumeSkb(skb);
      assert.equal(sk.wmemAlloc, 0);
      assert.equal(pool.freePages, 128);
    }
  });

  it('passes where the octets go, from where, and how many of the skb come before', () => {
    const pool = new FaultyPool();
    const skb = newSkb(pool);
    const calls: number[][] = [];
    const getfrag: GetFrag<string> = (from, to, offset, len, odd, s) => {
      assert.equal(from, 'message');
      assert.equal(s, skb);
      const { page, offset: start, size } = skb.shinfo.frags.at(-1)!;
      assert.equal(to, pool.offsetOf(page) + start + size);
      calls.push([offset, len, odd]);
      return 0;
    };
    skbAppendDatatoFrags(null, skb, getfrag, 'message', 5001);
    skbAppendDatatoFrags(null, skb, getfrag, 'message', 4000);
    assert.deepEqual(calls, [
      [0, 4096, 0],
      [4096, 905, 4096],
      [0, 3191, 5001],
      [3191, 809, 8192],
    ]);
  });

  it('goes on in the last page while the skb owns it alone', () => {
    const pool = new FaultyPool();
    const sk = new Sock();
    const skb = newSkb(pool, sk);
    for (let i = 0; i < 9; i++) skbAppendDatatoFrags(sk, skb, getfragFromBytes, pattern(1000, i), 1000);
    assert.deepEqual(
      skb.shinfo.frags.map((frag) => frag.size),
      [4096, 4096, 808],
    );
    const want = new Uint8Array(9000);
    for (let i = 0; i < 9; i++) want.set(pattern(1000, i), i * 1000);
    assert.deepEqual(payloadOf(skb), want);
    assert.equal(sk.wmemAlloc, 4 * 4096);
  });

  it('leaves a last page alone that is shared, foreign or declared the user’s', () => {
    const pool = new FaultyPool();
    const shared = newSkb(pool);
    skbAppendDatatoFrags(null, shared, getfragFromBytes, pattern(10), 10);
    pool.getPage(shared.shinfo.frags[0]!.page);
    skbAppendDatatoFrags(null, shared, getfragFromBytes, pattern(10), 10);
    assert.deepEqual(
      shared.shinfo.frags.map((frag) => frag.size),
      [10, 10],
    );

    const foreign = newSkb(pool);
    skbAddForeignFrag(foreign, pattern(100));
    skbAppendDatatoFrags(null, foreign, getfragFromBytes, pattern(10), 10);
    assert.deepEqual(
      foreign.shinfo.frags.map((frag) => frag.size),
      [100, 10],
    );

    const zerocopy = newSkb(pool);
    skbAppendDatatoFrags(null, zerocopy, getfragFromBytes, pattern(10), 10);
    skbZcopySet(zerocopy, new UbufInfo(() => {}));
    skbAppendDatatoFrags(null, zerocopy, getfragFromBytes, pattern(10), 10);
    assert.deepEqual(
      zerocopy.shinfo.frags.map((frag) => frag.size),
      [10, 10],
    );
  });

  it('refuses the 18th frag with EMSGSIZE and takes what still fits', () => {
    const pool = new FaultyPool();
    const sk = new Sock();
    const skb = newSkb(pool, sk);
    skbAppendDatatoFrags(sk, skb, getfragFromBytes, pattern(100), 100);
    const before = stateOf(skb);
    const room = 17 * 4096 - 100;
    assert.throws(
      () => skbAppendDatatoFrags(sk, skb, getfragFromBytes, pattern(room + 1), room + 1),
      fails('EMSGSIZE'),
    );
    assert.deepEqual(stateOf(skb), before);
    skbAppendDatatoFrags(sk, skb, getfragFromBytes, pattern(room), room);
    assert.equal(skb.shinfo.frags.length, 17);
    assert.throws(() => skbAppendDatatoFrags(sk, skb, getfragFromBytes, pattern(1), 1), fails('EMSGSIZE'));
  });

  it('is as before after ENOMEM at each allocation', () => {
    const pool = new FaultyPool();
    const sk = new Sock();
    const skb = newSkb(pool, sk);
    skbAppendDatatoFrags(sk, skb, getfragFromBytes, pattern(100), 100);
    const before = stateOf(skb);
    const failures = pool.failEach(
      () => skbAppendDatatoFrags(sk, skb, getfragFromBytes, pattern(65_000), 65_000),
      (error) => {
        assert.equal(error.code, 'ENOMEM');
        assert.deepEqual(stateOf(skb), before);
      },
    );
    assert.equal(failures, 15);
    assert.equal(skb.dataLen, 65_100);
  });

  it('is as before after getfrag failed or threw at each call', () => {
    const pool = new FaultyPool();
    const sk = new Sock();
    const skb = newSkb(pool, sk);
    skbAppendDatatoFrags(sk, skb, getfragFromBytes, pattern(4000), 4000);
    const before = stateOf(skb);
    for (let good = 0; good < 5; good++) {
      for (const how of ['EFAULT', 'thrown']) {
        let calls = 0;
        const getfrag: GetFrag<null> = () => {
          if (calls++ < good) return 0;
          if (how === 'thrown') throw Object.assign(new Error('of the caller'), { code: how });
          return -14;
        };
        assert.throws(() => skbAppendDatatoFrags(sk, skb, getfrag, null, 16_480), fails(how));
        assert.equal(calls, good + 1);
        assert.deepEqual(stateOf(skb), before);
      }
    }
  });

  it('uses up what was charged ahead, and restores it on failure', () => {
    const pool = new FaultyPool();
    const sk = new Sock();
    const skb = newSkb(pool, sk);
    sk.charge(2 * 4096);
    skb.forwardAlloc = 2 * 4096;
    const before = stateOf(skb);
    const failing: GetFrag<null> = (_from, _to, offset) => (offset < 12_288 ? 0 : -1);
    assert.throws(() => skbAppendDatatoFrags(sk, skb, failing, null, 20_000), fails('EFAULT'));
    assert.deepEqual(stateOf(skb), before);
    skbAppendDatatoFrags(sk, skb, getfragFromBytes, pattern(10_000), 10_000);
    assert.equal(skb.forwardAlloc, 0);
    assert.equal(sk.wmemAlloc, skb.truesize);
  });

  it('refuses an skb of another socket', () => {
    const skb = newSkb(new FaultyPool(), new Sock());
    assert.throws(() => skbAppendDatatoFrags(new Sock(), skb, getfragFromBytes, pattern(1), 1), fails('EINVAL'));
  });
});

describe('getfrag', () => {
  it('fails where the buffer is shorter than the length', () => {
    const skb = newSkb(new FaultyPool());
    assert.throws(() => skbAppendDatatoFrags(null, skb, getfragFromBytes, pattern(5000), 5001), fails('EFAULT'));
    assert.throws(() => skbAppendDatatoFrags(null, skb, getfragFromPieces, [pattern(5000)], 5001), fails('EFAULT'));
    assert.equal(skb.len, 0);
  });

  it('joins pieces of any lengths', () => {
    const whole = pattern(20_000);
    for (const cuts of [[], [0], [1], [4096], [1, 2, 3, 3, 4095, 4096, 4097, 12_000, 20_000]]) {
      const skb = newSkb(new FaultyPool());
      const edges = [0, ...cuts, whole.length];
      const pieces = edges.slice(1).map((end, i) => whole.subarray(edges[i], end));
      skbAppendDatatoFrags(null, skb, getfragFromPieces, pieces, whole.length);
      assert.deepEqual(payloadOf(skb), whole);
    }
  });
});
