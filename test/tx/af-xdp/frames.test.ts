import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PagePool } from '../../../src/memory/page-pool.js';
import { SegmentTable } from '../../../src/memory/segment-table.js';
import { UserMemory } from '../../../src/memory/user-memory.js';
import { allocSkb, type SkBuff } from '../../../src/skb/skbuff.js';
import { accountsLen, UmemFrames } from '../../../src/tx/af-xdp/frames.js';
import { createFrameKernel } from '../../../src/tx/frame-kernel.js';
import { pattern, pushRow } from '../rows.js';

const CHUNK = 2048;
const CHUNKS = 16;

/** A UMEM of 16 chunks without a socket: rings are plain memory, and the test is the kernel. */
function setUp(simd = true) {
  const memory = new UserMemory({ pages: 32, umemLen: CHUNK * CHUNKS });
  const pool = new PagePool(memory);
  const skbs: SkBuff[] = [allocSkb(pool, 64), allocSkb(pool, 64)];
  const batch = { table: new SegmentTable(memory), pool, skbs };
  const transmit = memory.rings.offset;
  const completion = transmit + 16 * CHUNKS;
  const layout = { chunkLen: CHUNK, slots: CHUNKS, transmit, completion, accounts: completion + 8 * CHUNKS };
  assert.ok(layout.accounts + accountsLen(CHUNKS) <= memory.rings.offset + memory.rings.len);
  const frames = new UmemFrames(memory, layout, simd ? createFrameKernel(memory.wasm) : null);
  const descriptor = (index: number): [address: number, len: number, more: number] => {
    const at = (transmit >>> 2) + (index % CHUNKS) * 4;
    return [memory.words[at]!, memory.words[at + 2]!, memory.words[at + 3]!];
  };
  const octets = (index: number): Uint8Array => {
    const [address, len] = descriptor(index);
    return memory.bytes.slice(memory.umem.offset + address, memory.umem.offset + address + len);
  };
  const complete = (...addresses: number[]): void => {
    addresses.forEach((address, i) => {
      memory.words[(completion >>> 2) + ((frames.consumer + i) % CHUNKS) * 2] = address;
    });
    frames.reap(addresses.length);
  };
  return { memory, pool, skbs, batch, frames, descriptor, octets, complete };
}

describe('the frame kernel', () => {
  it('is what this machine runs', () => assert.notEqual(createFrameKernel(new UserMemory().wasm), null));
});

for (const simd of [true, false]) {
  describe(`frames in a UMEM, ${simd ? 'by the SIMD kernel' : 'row by row'}`, () => {
    it('are header and pieces one behind the other, whatever their lengths', () => {
      for (let len = 0; len < 200; len++) {
        const { pool, batch, frames, descriptor, octets } = setUp(simd);
        const pieces = [
          { page: pool.allocPage(), offset: len, len },
          { page: pool.allocPage(), offset: 3, len: 1200 - len },
        ];
        const want = pushRow(batch, pattern(14 + (len % 60)), pieces);
        assert.equal(frames.fill(batch, 0, 1, 9000), 1);
        assert.deepEqual(descriptor(0).slice(1), [want.length, 0]);
        assert.deepEqual(octets(0), Uint8Array.from(want), `piece of ${len} octets`);
      }
    });

    it('take several chunks where they are longer than one, each but the last full and continued', () => {
      const { pool, batch, frames, descriptor, octets } = setUp(simd);
      const page = pool.allocRun(2);
      for (const len of [CHUNK - 14, CHUNK - 13, 5000, 3 * CHUNK - 14]) {
        batch.table.reset();
        const first = frames.producer;
        const want = pushRow(batch, pattern(14), [{ page, offset: 0, len }]);
        assert.equal(frames.fill(batch, 0, 1, 9000), 1);
        const chunks = Math.ceil(want.length / CHUNK);
        assert.equal(frames.producer - first, chunks);
        const parts = Array.from({ length: chunks }, (_, i) => octets(first + i));
        assert.deepEqual(Buffer.concat(parts), want);
        assert.deepEqual(
          parts.map((_, i) => descriptor(first + i)[2]),
          parts.map((_, i) => (i + 1 < chunks ? 1 : 0)),
        );
      }
    });

    it('may lie in foreign pages, among others that do not', () => {
      const { pool, batch, frames, octets } = setUp(simd);
      const foreign = pool.adoptForeign(new Uint8Array(4000));
      const pages = [pool.allocPage(), foreign, pool.allocPage()];
      const wants = pages.map((page) => pushRow(batch, pattern(34), [{ page, offset: 7, len: 1000 }]));
      pushRow(batch, pattern(34), [{ page: foreign, offset: 1007, len: 2900 }]);
      assert.equal(frames.fill(batch, 0, 4, 9000), 4);
      for (const [i, want] of wants.entries()) assert.deepEqual(octets(i), Uint8Array.from(want));
      assert.equal(octets(3).length + octets(4).length, 2934);
    });

    it('stop at one that is too long, and where no chunk is left', () => {
      const { pool, batch, frames } = setUp(simd);
      const page = pool.allocPage();
      for (const len of [100, 2000, 100]) pushRow(batch, pattern(14), [{ page, offset: 0, len }]);
      assert.equal(frames.fill(batch, 0, 3, 1514), 1);
      batch.table.reset();
      for (let i = 0; i < 20; i++) pushRow(batch, pattern(14), [{ page, offset: 0, len: 100 }]);
      assert.equal(frames.fill(batch, 0, 20, 1514), CHUNKS - 1);
      assert.equal(frames.free, 0);
      assert.equal(frames.fill(batch, 15, 20, 1514), 15);
    });

    it('hold each datagram once a call, until the last of its chunks is done, in any order', () => {
      const { pool, skbs, batch, frames, descriptor, complete } = setUp(simd);
      const page = pool.allocPage();
      for (let i = 0; i < 4; i++) pushRow(batch, pattern(14), [{ page, offset: 0, len: 2500 }]);
      batch.table.owner.set([0, 1, 0, 1]); // as a plan may order them
      frames.fill(batch, 0, 4, 9000);
      assert.deepEqual(
        skbs.map(({ users }) => users),
        [2, 2],
      );
      const of = (...indices: number[]): number[] => indices.map((index) => descriptor(index)[0]);
      complete(...of(7, 0, 1, 5));
      assert.deepEqual(
        skbs.map(({ users }) => users),
        [2, 2],
      );
      complete(...of(4));
      assert.deepEqual(
        skbs.map(({ users }) => users),
        [1, 2],
      );
      complete(...of(2, 3, 6));
      assert.deepEqual(
        skbs.map(({ users }) => users),
        [1, 1],
      );
      assert.equal(frames.underWay, 0);
    });

    it('come back all, also where each is of another datagram', () => {
      const { pool, skbs, batch, frames, descriptor, complete } = setUp(simd);
      while (skbs.length < CHUNKS) skbs.push(allocSkb(pool, 64));
      const page = pool.allocPage();
      for (let i = 0; i < CHUNKS; i++) pushRow(batch, pattern(14), [{ page, offset: 0, len: 100 }]);
      batch.table.owner.set(Array.from({ length: CHUNKS }, (_, i) => i));
      assert.equal(frames.fill(batch, 0, CHUNKS, 1514), CHUNKS);
      const held = () => [frames.free, ...skbs.map(({ users }) => users)];
      assert.deepEqual(held(), [0, ...skbs.map(() => 2)]);
      complete(...Array.from({ length: CHUNKS }, (_, i) => descriptor(i)[0]));
      assert.deepEqual(held(), [CHUNKS, ...skbs.map(() => 1)]);
    });

    it('hold nothing that was not filled', () => {
      const { pool, skbs, batch, frames } = setUp(simd);
      const page = pool.allocPage();
      pushRow(batch, pattern(14), [{ page, offset: 0, len: 100 }]);
      pushRow(batch, pattern(14), [{ page, offset: 0, len: 3000 }]);
      batch.table.owner.set([0, 1]);
      frames.fill(batch, 0, 2, 1514);
      assert.deepEqual(
        skbs.map(({ users }) => users),
        [2, 1],
      );
      frames.dropAll();
      assert.equal(skbs[0]!.users, 1);
    });

    it('come back once only, and none that there is not', () => {
      const { pool, skbs, batch, frames, descriptor, complete } = setUp(simd);
      pushRow(batch, pattern(14), [{ page: pool.allocPage(), offset: 0, len: 100 }]);
      frames.fill(batch, 0, 1, 1514);
      const [address] = descriptor(0);
      complete(address, address, 99 * CHUNK, 0xffff_ffff);
      assert.equal(frames.free, CHUNKS);
      assert.equal(skbs[0]!.users, 1);
    });

    it('go round the rings many times, the chunk given back last taken first', () => {
      const { pool, batch, frames, descriptor, octets, complete } = setUp(simd);
      const page = pool.allocPage();
      for (let i = 0; i < 3 * CHUNKS; i++) {
        batch.table.reset();
        const want = pushRow(batch, pattern(14, i), [{ page, offset: i, len: 300 }]);
        frames.fill(batch, 0, 1, 1514);
        assert.deepEqual(octets(i), Uint8Array.from(want));
        assert.equal(descriptor(i)[0], descriptor(0)[0]);
        complete(descriptor(i)[0]);
      }
    });
  });
}
