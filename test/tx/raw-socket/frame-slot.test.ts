import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrameSlot } from '../../../src/tx/raw-socket/frame-slot.js';
import { emptyBatch, pattern, pushRow } from '../rows.js';

describe('frame slot', () => {
  const header = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20);

  it('makes header and pieces contiguous at every alignment and length of header', () => {
    for (let offset = 0; offset < 9; offset++) {
      for (const headLen of [1, 14, 20, 64]) {
        const batch = emptyBatch();
        const slot = new FrameSlot(batch.pool, 9000);
        const page = batch.pool.allocRun(2);
        const other = batch.pool.allocRun(2);
        const want = pushRow(batch, pattern(headLen, 99), [
          { page, offset, len: 1480 },
          { page: other, offset: offset * 3, len: 7 },
          { page, offset: 4000 + offset, len: 2000 },
        ]);
        const at = slot.place(batch.table, 0);
        assert.deepEqual(Buffer.from(slot.octets.subarray(at, at + want.length)), want, `offset ${offset}, ${headLen}`);
      }
    }
  });

  it("takes pieces from a caller's own buffer", () => {
    const batch = emptyBatch();
    const slot = new FrameSlot(batch.pool, 1500);
    const foreign = batch.pool.adoptForeign(new Uint8Array(3000));
    const want = pushRow(batch, header, [{ page: foreign, offset: 1501, len: 1480 }]);
    const at = slot.place(batch.table, 0);
    assert.deepEqual(Buffer.from(slot.octets.subarray(at, at + want.length)), want);
  });

  it('does not copy what is contiguous already', () => {
    const batch = emptyBatch();
    const slot = new FrameSlot(batch.pool, 1500);
    const page = batch.pool.allocPage();
    pushRow(batch, header, []);
    pushRow(batch, new Uint8Array(0), [{ page, offset: 12, len: 1500 }]);
    assert.equal(slot.place(batch.table, 0), batch.table.headOffset[0]);
    assert.equal(slot.place(batch.table, 1), batch.pool.offsetOf(page) + 12);
  });

  it('refuses a frame that is longer than it, and only that', () => {
    const batch = emptyBatch();
    const slot = new FrameSlot(batch.pool, 1500);
    const page = batch.pool.allocRun(2);
    pushRow(batch, header, [{ page, offset: 0, len: 1481 }]);
    pushRow(batch, header, [{ page, offset: 0, len: 1480 }]);
    assert.equal(slot.place(batch.table, 0), -1);
    assert.notEqual(slot.place(batch.table, 1), -1);
  });

  it('borrows pages of the pool and gives them back', () => {
    const { pool } = emptyBatch(20);
    const slot = new FrameSlot(pool, 65_535);
    assert.equal(pool.freePages, 4);
    assert.throws(() => new FrameSlot(pool, 65_535), { code: 'ENOMEM', hint: /poolPages/ });
    slot.release();
    assert.equal(pool.freePages, 20);
  });
});
