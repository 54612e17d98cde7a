import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gatherRow, rowInPlace, rowOctets, walkRow } from '../../src/memory/gather-row.js';
import { emptyBatch, pattern, pushRow } from '../tx/rows.js';

type Made = ReturnType<typeof made>;

/** Rows of every kind: with and without header, with pieces in the pool, across pages and in a caller's buffer. */
function made() {
  const batch = emptyBatch();
  const { pool } = batch;
  const run = pool.allocRun(3);
  const foreign = pool.adoptForeign(new Uint8Array(9000));
  const none = new Uint8Array(0);
  const want = [
    pushRow(batch, pattern(20, 5), []),
    pushRow(batch, none, [{ page: run, offset: 4090, len: 7000 }]),
    pushRow(batch, pattern(54, 9), [{ page: run + 2, offset: 4000, len: 1 }]),
    pushRow(batch, pattern(34, 1), [
      { page: run, offset: 3, len: 48 },
      { page: foreign, offset: 4000, len: 5000 },
      { page: run, offset: 100, len: 49 },
    ]),
    pushRow(batch, none, [{ page: foreign, offset: 1, len: 30 }]),
    pushRow(batch, none, []),
  ];
  return { batch, want };
}

const each = ({ batch, want }: Made, look: (row: number, octets: Uint8Array) => void): void => {
  assert.equal(batch.table.rows, want.length);
  for (const [row, octets] of want.entries()) look(row, octets);
};

describe('a row', () => {
  it('is gathered header first, piece by piece', () => {
    const rows = made();
    const { table, pool } = rows.batch;
    each(rows, (row, octets) => assert.deepEqual(Buffer.from(rowOctets(table, pool, row)), octets, `row ${row}`));
  });

  it('is gathered from where it is asked to, and only as far as there is room', () => {
    const rows = made();
    const { table, pool } = rows.batch;
    each(rows, (row, octets) => {
      for (const room of [0, 1, 20, 21, 60, 5000, 10_000]) {
        const target = new Uint8Array(7 + room).fill(0xa5);
        const fitting = Math.min(room, octets.length);
        assert.equal(gatherRow(table, pool, row, target, 7), 7 + fitting, `row ${row}, room for ${room}`);
        assert.deepEqual(target.subarray(7, 7 + fitting), new Uint8Array(octets.subarray(0, fitting)));
        assert.ok([...target.subarray(0, 7), ...target.subarray(7 + fitting)].every((octet) => octet === 0xa5));
      }
    });
  });

  it('is gathered into the memory it lies in', () => {
    const rows = made();
    const { table, pool } = rows.batch;
    const target = pool.offsetOf(pool.allocRun(3));
    each(rows, (row, octets) => {
      assert.equal(gatherRow(table, pool, row, pool.memory.bytes, target), target + octets.length);
      assert.deepEqual(Buffer.from(pool.memory.bytes.subarray(target, target + octets.length)), octets);
    });
  });

  it('is walked stretch by stretch, those of the memory by their offset in it', () => {
    const rows = made();
    const { table, pool } = rows.batch;
    each(rows, (row, octets) => {
      const parts: Uint8Array[] = [];
      walkRow(table, pool, row, {
        inMemory: (offset, len) => parts.push(pool.memory.bytes.subarray(offset, offset + len)),
        inForeign: (page, offset, len) => parts.push(pool.foreignBytes(page).subarray(offset, offset + len)),
      });
      assert.deepEqual(Buffer.concat(parts), octets, `row ${row}`);
      assert.ok(parts.every(({ length }) => length > 0));
    });
  });

  it('says where it lies in one stretch, and that it does not', () => {
    const rows = made();
    const { table, pool } = rows.batch;
    const inPlace: number[] = [];
    each(rows, (row, octets) => {
      const at = rowInPlace(table, pool, row);
      if (at < 0) return;
      inPlace.push(row);
      assert.deepEqual(Buffer.from(pool.memory.bytes.subarray(at, at + octets.length)), octets, `row ${row}`);
    });
    assert.deepEqual(inPlace, [0, 1, 5]);
  });
});
