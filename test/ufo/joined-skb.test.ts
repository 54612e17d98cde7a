import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PagePool } from '../../src/memory/page-pool.js';
import { UserMemory } from '../../src/memory/user-memory.js';
import { createFlow } from '../../src/skb/flow.js';
import { SKB_GSO_UDP_L4 } from '../../src/skb/shared-info.js';
import { JoinedSkb } from '../../src/ufo/joined-skb.js';
import type { StreamPayload } from '../../src/ufo/stream-skb.js';

const WAY = { sourcePort: 1111, destinationPort: 9999, mtu: 1500, linkHeader: new Uint8Array(14) };
const flow = createFlow({ source: '192.0.2.1', destination: '192.0.2.2', ...WAY });
const of = (octets: Uint8Array): StreamPayload => ({ len: octets.length, octets, frags: [], sum: -1 });
const poolOf = (pages: number): PagePool => new PagePool(new UserMemory({ pages }));

/** As many payloads of `len` octets as it takes. */
function filled(pool: PagePool, len: number): JoinedSkb {
  const payload = of(new Uint8Array(len).fill(7));
  const joined = new JoinedSkb(pool, flow, payload);
  joined.fill(payload, 1);
  while (!joined.full && joined.takes(payload)) joined.append(payload);
  joined.seal();
  return joined;
}

describe('an skb of joined datagrams', () => {
  it('takes 64, and no more than a packet holds', () => {
    for (const [len, most] of [
      [1, 64],
      [1000, 64],
      [1022, 64],
      [1023, 63],
      [1472, 44],
    ] as const) {
      const joined = filled(poolOf(512), len);
      assert.deepEqual([joined.joined, joined.octets], [most, most * len], `${len} octets`);
      assert.ok(joined.skb.len - 14 <= 65_535);
    }
  });

  it('is closed by a shorter one, and takes neither longer nor empty ones', () => {
    const pool = poolOf(512);
    const joined = filled(pool, 100);
    joined.fill(of(new Uint8Array(100)), 9);
    assert.deepEqual([joined.takes(of(new Uint8Array(101))), joined.takes(of(new Uint8Array(0)))], [false, false]);
    assert.deepEqual([joined.full, joined.takes(of(new Uint8Array(99)))], [false, true]);
    joined.append(of(new Uint8Array(99)));
    assert.equal(joined.full, true);
    joined.seal();
    const { gsoSize, gsoSegs, gsoType, fragId } = joined.skb.shinfo;
    assert.deepEqual([gsoSize, gsoSegs, gsoType, fragId], [100, 2, SKB_GSO_UDP_L4, 9]);
    joined.fill(of(new Uint8Array(50)), 10);
    joined.seal();
    assert.deepEqual([joined.full, joined.skb.shinfo.gsoType], [false, 0], 'a single one is one like any other');
    joined.free();
    assert.equal(pool.freePages, pool.pages);
  });

  it('holds copies, of buffers and of pages of either kind', () => {
    const pool = poolOf(512);
    const page = pool.allocPage();
    const lent = pool.memory.bytes.subarray(pool.offsetOf(page), pool.offsetOf(page) + 4096);
    const foreign = new Uint8Array(300).fill(3);
    const frags = [
      { page, offset: 10, size: 20 },
      { page: pool.adoptForeign(foreign), offset: 100, size: 30 },
    ];
    const octets = new Uint8Array(5).fill(1);
    lent.fill(2);
    const payload: StreamPayload = { len: 55, octets, frags, sum: -1 };
    const joined = new JoinedSkb(pool, flow, payload);
    joined.fill(payload, 1);
    for (const one of [octets, lent, foreign]) one.fill(9);
    joined.append(payload);
    joined.seal();
    const from = joined.skb.transportHeader + 8;
    const want = [...Array(5).fill(1), ...Array(20).fill(2), ...Array(30).fill(3), ...Array(55).fill(9)];
    assert.deepEqual([...pool.memory.bytes.subarray(from, from + 110)], want);
  });

  it('makes do with what a pool has, down to one datagram', () => {
    for (const [pages, taken, most] of [
      [512, 0, 44],
      [40, 0, 13],
      [8, 0, 2],
      [40, 37, 8],
      [40, 39, 2],
      [1, 0, 2],
    ] as const) {
      const pool = poolOf(pages);
      for (let i = 0; i < taken; i++) pool.allocPage();
      assert.equal(filled(pool, 1472).joined, most, `${pages} pages, ${taken} of them taken`);
    }
    const pool = poolOf(1);
    pool.allocPage();
    assert.throws(() => filled(pool, 1472), { code: 'ENOMEM' });
  });
});
