import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { skbAppendDatatoFrags } from '../../src/skb/append-datato-frags.js';
import { skbChecksum } from '../../src/skb/checksum.js';
import { skbClone } from '../../src/skb/clone.js';
import { skbCopyBits } from '../../src/skb/copy-bits.js';
import { pskbCopy, pskbExpandHead } from '../../src/skb/expand-head.js';
import { NETIF_F_SG } from '../../src/skb/features.js';
import { skbAddForeignFrag, skbAddFragList, skbFillPageDesc } from '../../src/skb/fill-page-desc.js';
import { getfragFromBytes } from '../../src/skb/getfrag.js';
import { skbLinearize, skbNeedsLinearize } from '../../src/skb/linearize.js';
import { skbRecycleCheck } from '../../src/skb/recycle.js';
import { consumeSkb } from '../../src/skb/release.js';
import { SKB_GSO_UDP } from '../../src/skb/shared-info.js';
import {
  allocSkb,
  CHECKSUM_PARTIAL,
  type SkBuff,
  skbHeadroom,
  skbPull,
  skbPush,
  skbPut,
  skbReserve,
  skbTailroom,
} from '../../src/skb/skbuff.js';
import { Sock } from '../../src/skb/sock.js';
import { addSums, sumOctets } from '../../src/wire/checksum.js';
import { FaultyPool, newSkb, octetsOf, pattern, stateOf } from './faulty-pool.js';

const fails = (code: string) => (error: unknown) => (error as { code: string }).code === code;

/** 40 octets of headers and `len` of payload, marked to be cut. */
function datagram(pool: FaultyPool, len: number, sk: Sock | null = null): SkBuff {
  const skb = newSkb(pool, sk);
  skb.networkHeader = skbPut(skb, 40);
  skb.transportHeader = skb.networkHeader + 20;
  pool.memory.bytes.set(pattern(40, 7), skb.networkHeader);
  skbAppendDatatoFrags(sk, skb, getfragFromBytes, pattern(len), len);
  skb.ipSummed = CHECKSUM_PARTIAL;
  skb.csumStart = skb.transportHeader - skb.head;
  skb.csumOffset = 6;
  Object.assign(skb.shinfo, { gsoSize: 1480, gsoSegs: 7, gsoType: SKB_GSO_UDP, fragId: 99 });
  return skb;
}

function assertSameDatagram(skb: SkBuff, like: SkBuff, octets: Uint8Array): void {
  assert.deepEqual(octetsOf(skb), octets);
  assert.equal(skb.len, octets.length);
  assert.deepEqual([skb.ipSummed, skb.csumOffset], [like.ipSummed, like.csumOffset]);
  assert.equal(skb.networkHeader - skb.data, like.networkHeader - like.data);
  assert.equal(skb.transportHeader - skb.data, like.transportHeader - like.data);
  assert.equal(skb.head + skb.csumStart, skb.transportHeader);
  const { gsoSize, gsoSegs, gsoType, fragId } = skb.shinfo;
  assert.deepEqual([gsoSize, gsoSegs, gsoType, fragId], [1480, 7, SKB_GSO_UDP, 99]);
}

describe('head of an skb', () => {
  it('keeps its rooms apart', () => {
    const skb = allocSkb(new FaultyPool(), 5000);
    assert.equal(skb.end - skb.head, 8192);
    skbReserve(skb, 100);
    assert.deepEqual([skbHeadroom(skb), skbTailroom(skb)], [100, 8092]);
    assert.equal(skbPut(skb, 8092), skb.head + 100);
    assert.throws(() => skbPut(skb, 1), fails('ERR_UFO_SKB_OVERRUN'));
    assert.equal(skbPush(skb, 100), skb.head);
    assert.throws(() => skbPush(skb, 1), fails('ERR_UFO_SKB_OVERRUN'));
    assert.equal(skbPull(skb, 8192), skb.end);
    assert.throws(() => skbPull(skb, 1), fails('ERR_UFO_SKB_OVERRUN'));
  });

  it('pages come back so that the next datagram gets the same, ascending', () => {
    const pool = new FaultyPool();
    const first = datagram(pool, 65_507);
    const pages = first.shinfo.frags.map((frag) => frag.page);
    assert.deepEqual(
      pages,
      pages.map((_, i) => first.headPage + 1 + i),
    );
    consumeSkb(first);
    const second = datagram(pool, 65_507);
    assert.deepEqual([second.headPage, ...second.shinfo.frags.map((frag) => frag.page)], [first.headPage, ...pages]);
  });
});

describe('clones', () => {
  it('share everything until the last one goes; only the original is charged', () => {
    const pool = new FaultyPool();
    const sk = new Sock();
    const skb = datagram(pool, 9000, sk);
    const octets = octetsOf(skb);
    const charged = sk.wmemAlloc;
    const clone = skbClone(skb);
    assert.equal(clone.shinfo, skb.shinfo);
    assert.equal(skb.shinfo.dataref, 2);
    assert.equal(sk.wmemAlloc, charged);
    assert.throws(() => skbAppendDatatoFrags(sk, skb, getfragFromBytes, pattern(1), 1), fails('EINVAL'));
    assert.throws(() => skbFillPageDesc(clone, 0, 0, 1), fails('EINVAL'));
    assert.throws(() => skbAddForeignFrag(clone, pattern(99)), fails('EINVAL'));
    assert.equal(pool.foreignPages, 0);
    consumeSkb(skb);
    assert.equal(sk.wmemAlloc, 0);
    assertSameDatagram(clone, clone, octets);
    consumeSkb(clone);
    assert.equal(pool.freePages, pool.pages);
  });
});

describe('pskbCopy and pskbExpandHead', () => {
  it('pskbCopy has a head of its own and shares the pages', () => {
    const pool = new FaultyPool();
    const skb = datagram(pool, 9000);
    const octets = octetsOf(skb);
    const copy = pskbCopy(skb);
    assert.notEqual(copy.head, skb.head);
    assert.deepEqual(copy.shinfo.frags, skb.shinfo.frags);
    assert.equal(pool.pageCount(skb.shinfo.frags[0]!.page), 2);
    assertSameDatagram(copy, skb, octets);
    pool.memory.bytes.fill(0, skb.data, skb.tail);
    consumeSkb(skb);
    assertSameDatagram(copy, copy, octets);
    consumeSkb(copy);
    assert.equal(pool.freePages, pool.pages);
  });

  for (const cloned of [false, true]) {
    it(`pskbExpandHead makes room on both sides${cloned ? ', and leaves the clone alone' : ''}`, () => {
      const pool = new FaultyPool();
      const sk = new Sock();
      const skb = datagram(pool, 9000, sk);
      const octets = octetsOf(skb);
      const like = { ...skb } as SkBuff;
      const clone = cloned ? skbClone(skb) : null;
      const before = stateOf(skb);
      const failures = pool.failEach(
        () => pskbExpandHead(skb, 5000, 4000),
        () => assert.deepEqual(stateOf(skb), before),
      );
      assert.equal(failures, 1);
      assert.ok(skb.data - skb.head >= 5128);
      assert.ok(skb.end - skb.tail >= 4000);
      assert.equal(skb.shinfo.dataref, 1);
      assert.equal(sk.wmemAlloc, skb.truesize);
      assertSameDatagram(skb, like, octets);
      if (clone !== null) {
        assertSameDatagram(clone, like, octets);
        consumeSkb(clone);
      }
      assertSameDatagram(skb, like, octets);
      consumeSkb(skb);
      assert.equal(pool.freePages, pool.pages);
      assert.equal(sk.wmemAlloc, 0);
    });
  }
});

describe('skbLinearize', () => {
  for (const [len, cloned] of [
    [100, false],
    [100, true],
    [9000, false],
    [9000, true],
  ] as const) {
    it(`${len} octets${cloned ? ' of a clone' : ''}`, () => {
      const pool = new FaultyPool();
      const sk = new Sock();
      const skb = datagram(pool, len, sk);
      const octets = octetsOf(skb);
      const clone = cloned ? skbClone(skb) : null;
      assert.equal(skbNeedsLinearize(skb, NETIF_F_SG), false);
      assert.equal(skbNeedsLinearize(skb, 0), true);
      skbLinearize(skb);
      assert.equal(skbNeedsLinearize(skb, 0), false);
      assert.equal(skb.shinfo.frags.length, 0);
      assertSameDatagram(skb, skb, octets);
      assert.equal(sk.wmemAlloc, skb.truesize);
      if (clone !== null) {
        assertSameDatagram(clone, clone, octets);
        consumeSkb(clone);
      }
      consumeSkb(skb);
      assert.equal(pool.freePages, pool.pages);
      assert.equal(sk.wmemAlloc, 0);
    });
  }
});

describe('skbCopyBits and skbChecksum', () => {
  /** Odd lengths everywhere: head, pages that adjoin and pages that do not, foreign pages, a list. */
  function patchwork(pool: FaultyPool): SkBuff {
    const skb = newSkb(pool);
    pool.memory.bytes.set(pattern(41, 8), skbPut(skb, 41));
    skbAppendDatatoFrags(null, skb, getfragFromBytes, pattern(8192 + 333, 2), 8192 + 333);
    skbAddForeignFrag(skb, pattern(1001, 3).subarray(1));
    skbAddForeignFrag(skb, pattern(77, 4));
    skbFillPageDesc(skb, pool.allocPage(), 13, 501);
    const parts = [datagram(pool, 5001), datagram(pool, 3)];
    skbAddFragList(skb, parts);
    return skb;
  }

  it('see the same octets from everywhere', () => {
    const pool = new FaultyPool();
    const skb = patchwork(pool);
    const octets = octetsOf(skb);
    assert.equal(skb.len, octets.length);
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    const offsets = [0, 1, 40, 41, 42, 4136, 4137, 4138, skb.len - 1, skb.len];
    for (let i = 0; i < 400; i++) {
      const offset = i < offsets.length ? offsets[i]! : random(skb.len + 1);
      const len = i % 3 === 0 ? skb.len - offset : random(skb.len - offset + 1);
      const want = octets.subarray(offset, offset + len);
      const got = new Uint8Array(len);
      skbCopyBits(skb, offset, got);
      assert.deepEqual(got, want);
      assert.equal(skbChecksum(skb, offset, len, 0x1234), addSums(0x1234, sumOctets(want)), `${offset} + ${len}`);
    }
    for (const [offset, len] of [
      [-1, 1],
      [0, skb.len + 1],
      [skb.len, 1],
    ] as const) {
      assert.throws(() => skbCopyBits(skb, offset, new Uint8Array(len)), fails('ERR_UFO_INVALID_ARGUMENT'));
    }
  });

  it('a list is shared by copies, goes into the head with the rest, and is freed once', () => {
    const pool = new FaultyPool();
    const skb = patchwork(pool);
    const octets = octetsOf(skb);
    assert.equal(skbNeedsLinearize(skb, NETIF_F_SG), true);
    const copy = pskbCopy(skb);
    const clone = skbClone(skb);
    skbLinearize(skb);
    assert.deepEqual(octetsOf(skb), octets);
    consumeSkb(clone);
    assert.deepEqual(octetsOf(copy), octets);
    pskbExpandHead(copy, 1, 1);
    skbLinearize(copy);
    assert.deepEqual(octetsOf(copy), octets);
    consumeSkb(copy);
    consumeSkb(skb);
    assert.equal(pool.freePages, pool.pages);
    assert.equal(pool.foreignPages, 0);
  });

  it('a list is refused on a clone, and parts that are in one already', () => {
    const pool = new FaultyPool();
    const skb = patchwork(pool);
    assert.throws(() => skbAddFragList(skb, [newSkb(pool)]), fails('EINVAL'));
    const cloned = newSkb(pool);
    skbClone(cloned);
    assert.throws(() => skbAddFragList(cloned, [newSkb(pool)]), fails('EINVAL'));
    assert.throws(() => skbAddFragList(newSkb(pool), [skb.shinfo.fragList!]), fails('EINVAL'));
  });
});

describe('skbRecycleCheck', () => {
  it('resets what can serve again', () => {
    const pool = new FaultyPool();
    const sk = new Sock();
    const skb = datagram(pool, 100, sk);
    skbLinearize(skb);
    assert.equal(skbRecycleCheck(skb, 4096), true);
    assert.equal(sk.wmemAlloc, 0);
    const { headPage } = skb;
    consumeSkb(skb);
    const fresh = allocSkb(pool, 4096);
    assert.equal(fresh.headPage, headPage);
    assert.deepEqual({ ...skb, users: 1, shinfo: fresh.shinfo }, { ...fresh });
  });

  it('refuses frags, clones, references, small heads', () => {
    const pool = new FaultyPool();
    assert.equal(skbRecycleCheck(datagram(pool, 1), 1), false);
    const cloned = newSkb(pool);
    skbClone(cloned);
    assert.equal(skbRecycleCheck(cloned, 1), false);
    const shared = newSkb(pool);
    shared.users += 1;
    assert.equal(skbRecycleCheck(shared, 1), false);
    assert.equal(skbRecycleCheck(newSkb(pool), 4097), false);
  });
});
