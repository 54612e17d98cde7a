import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { viewOf } from '../../src/host/libc.js';
import { PagePool } from '../../src/memory/page-pool.js';
import { SegmentTable } from '../../src/memory/segment-table.js';
import { UserMemory } from '../../src/memory/user-memory.js';
import { MAX_MESSAGES, MmsgVector } from '../../src/tx/mmsghdr.js';

/** What the kernel would read: octets of each iovec of each message, by struct offsets of its own. */
function gather(vector: MmsgVector): number[][][] {
  const header = new DataView(viewOf(vector.address, vector.messages * 64));
  return Array.from({ length: vector.messages }, (_, message) => {
    const count = Number(header.getBigUint64(message * 64 + 24, true));
    const iovecs = new DataView(viewOf(Number(header.getBigUint64(message * 64 + 16, true)), count * 16));
    return Array.from({ length: count }, (_, i) => {
      const address = Number(iovecs.getBigUint64(i * 16, true));
      return [...new Uint8Array(viewOf(address, Number(iovecs.getBigUint64(i * 16 + 8, true))))];
    });
  });
}

describe('MmsgVector', () => {
  it('points at header, pool pages and foreign pages of every row', () => {
    const memory = new UserMemory({ pages: 8 });
    const pool = new PagePool(memory);
    const table = new SegmentTable(memory);
    const page = pool.allocPage();
    const foreign = pool.adoptForeign(new Uint8Array(200).fill(9));
    memory.bytes.fill(5, pool.offsetOf(page), pool.offsetOf(page) + 4096);
    memory.bytes.set([1, 2, 3], table.pushRow(0, 3, 0));
    table.pushPiece(page, 4094, 2);
    table.pushPiece(foreign, 199, 1);
    table.pushRow(0, 0, 0);
    table.pushPiece(page, 0, 1);
    const vector = new MmsgVector();
    for (const row of [0, 1]) {
      vector.pushMessage();
      vector.pushRow({ table, pool, skbs: [] }, row);
    }
    assert.deepEqual(gather(vector), [[[1, 2, 3], [5, 5], [9]], [[5]]]);
  });

  it('names a destination where one is given, and none where not', () => {
    const vector = new MmsgVector();
    vector.pushMessage(0x7fff_1234_5678, 28);
    vector.pushMessage();
    const header = new DataView(viewOf(vector.address, 128));
    assert.equal(header.getBigUint64(0, true), 0x7fff_1234_5678n);
    assert.equal(header.getUint32(8, true), 28);
    assert.equal(header.getBigUint64(64, true), 0n);
    assert.equal(header.getUint32(72, true), 0);
  });

  it('forgets everything on reset, also the counts of iovecs', () => {
    const vector = new MmsgVector();
    for (const len of [3, 2]) {
      vector.reset();
      vector.pushMessage();
      vector.pushIovec(vector.address, len);
    }
    assert.deepEqual(
      gather(vector).map((iovecs) => iovecs.map((iovec) => iovec.length)),
      [[2]],
    );
  });

  it('holds as many of the largest rows as it takes messages: a virtio_net_hdr, a header and 18 pieces each', () => {
    const vector = new MmsgVector();
    const lengths = Array.from({ length: 20 }, (_, i) => i + 1);
    for (let row = 0; row < MAX_MESSAGES; row++) {
      vector.pushMessage();
      for (const len of lengths) vector.pushIovec(vector.address, len);
    }
    const last = gather(vector).at(-1)!;
    assert.deepEqual(
      last.map((iovec) => iovec.length),
      lengths,
    );
  });
});
