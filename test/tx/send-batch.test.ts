import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PagePool } from '../../src/memory/page-pool.js';
import { SegmentTable } from '../../src/memory/segment-table.js';
import { UserMemory } from '../../src/memory/user-memory.js';
import { MAX_MESSAGES } from '../../src/tx/mmsghdr.js';
import type { TxBatch } from '../../src/tx/net-device.js';
import { callLimit } from '../../src/tx/send-batch.js';

/** A batch of rows with a header of 42 octets and so many behind it. */
function batchOf(rows: number, payload: number): TxBatch {
  const memory = new UserMemory({ pages: 32 });
  const pool = new PagePool(memory);
  const table = new SegmentTable(memory);
  const page = payload > 0 ? pool.allocRun(32) : -1;
  for (let row = 0; row < rows; row++) {
    table.pushRow(0, 42, 14);
    if (payload > 0) table.pushPiece(page, 0, payload);
  }
  return { table, pool, skbs: [] };
}

describe('one call', () => {
  it('carries as many messages as it may, from wherever it begins, and no more rows than there are', () => {
    const batch = batchOf(MAX_MESSAGES + 10, 0);
    assert.equal(callLimit(batch, 0), MAX_MESSAGES);
    assert.equal(callLimit(batch, 5), MAX_MESSAGES + 5);
    assert.equal(callLimit(batch, 20), MAX_MESSAGES + 10);
    assert.equal(callLimit(batch, MAX_MESSAGES + 9), MAX_MESSAGES + 10);
  });

  it('carries four mebioctets, the row that reaches them included', () => {
    const octets = 65_536;
    const batch = batchOf(80, octets - 42);
    assert.equal(callLimit(batch, 0), (4 << 20) / octets);
    assert.equal(callLimit(batch, 3), (4 << 20) / octets + 3);
    assert.equal(callLimit(batchOf(80, octets - 43), 0), (4 << 20) / octets + 1);
  });
});
