import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PagePool } from '../../../src/memory/page-pool.js';
import { UserMemory } from '../../../src/memory/user-memory.js';
import { allocSkb, type SkBuff } from '../../../src/skb/skbuff.js';
import { XdpChunks } from '../../../src/tx/af-xdp/chunks.js';

describe('XdpChunks', () => {
  const pool = new PagePool(new UserMemory({ pages: 4 }));
  const skbOf = (): SkBuff => allocSkb(pool, 64);

  it('takes first what came back last', () => {
    const chunks = new XdpChunks(8);
    const skb = skbOf();
    const [a, b] = [chunks.take(skb), chunks.take(skb)];
    chunks.put(a);
    assert.equal(chunks.take(skb), a);
    chunks.put(b);
    assert.equal(chunks.take(skb), b);
    assert.equal(chunks.underWay, 2);
    chunks.dropAll();
    assert.equal(skb.users, 1);
  });

  it('gives every chunk once', () => {
    const chunks = new XdpChunks(8);
    const skb = skbOf();
    const taken = Array.from({ length: 8 }, () => chunks.take(skb));
    assert.deepEqual(taken.sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.equal(chunks.free, 0);
    chunks.dropAll();
  });

  it('holds the skb once for each chunk', () => {
    const chunks = new XdpChunks(4);
    const skb = skbOf();
    const free = pool.freePages;
    const taken = [chunks.take(skb), chunks.take(skb)];
    skb.users -= 1; // the sender lets go
    chunks.put(taken[0]!);
    assert.equal(pool.freePages, free);
    chunks.put(taken[1]!);
    assert.equal(pool.freePages, free + 1);
  });

  it('takes a chunk back once only, and none that there is not', () => {
    const chunks = new XdpChunks(4);
    const skb = skbOf();
    const chunk = chunks.take(skb);
    for (const put of [chunk, chunk, 99]) chunks.put(put);
    assert.equal(chunks.free, 4);
    assert.equal(skb.users, 1);
  });
});
