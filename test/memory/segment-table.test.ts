import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FIRST_FOREIGN } from '../../src/memory/page-pool.js';
import { SegmentTable } from '../../src/memory/segment-table.js';
import { UserMemory } from '../../src/memory/user-memory.js';

const newTable = (arenaLen = 131_072): SegmentTable => new SegmentTable(new UserMemory({ pages: 1, arenaLen }));

function pieces(table: SegmentTable, row: number): number[][] {
  const list: number[][] = [];
  for (let i = table.firstPiece[row]!; i < table.firstPiece[row + 1]!; i++) {
    list.push([table.piecePage[i]!, table.pieceOffset[i]!, table.pieceLen[i]!]);
  }
  return list;
}

describe('segment table', () => {
  it('lays headers apart, the network header on a word boundary', () => {
    const table = newTable();
    const { arena } = table.memory;
    let end = arena.offset;
    for (const [headLen, linkLen] of [
      [20, 0],
      [34, 14],
      [58, 18],
      [42, 14],
      [114, 22],
      [64, 0],
    ] as const) {
      const row = table.rows;
      const network = table.pushRow(7, headLen, linkLen);
      const head = table.headOffset[row]!;
      assert.equal(network, head + linkLen);
      assert.equal(network % 4, 0);
      assert.ok(head >= end, 'headers overlap');
      end = head + headLen;
      assert.deepEqual([table.headLen[row], table.frameLen[row], table.owner[row]], [headLen, headLen, 7]);
    }
    assert.ok(end <= arena.offset + arena.len);
  });

  it('joins pieces that adjoin, within a row only', () => {
    const table = newTable();
    table.pushRow(0, 20, 0);
    for (const [page, offset, len] of [
      [3, 100, 3996],
      [4, 0, 4096],
      [5, 0, 10],
      [5, 10, 5],
      [5, 16, 1],
      [7, 0, 9],
    ] as const) {
      table.pushPiece(page, offset, len);
    }
    table.pushRow(0, 20, 0);
    table.pushPiece(7, 9, 100);
    assert.deepEqual(pieces(table, 0), [
      [3, 100, 8107],
      [5, 16, 1],
      [7, 0, 9],
    ]);
    assert.deepEqual(pieces(table, 1), [[7, 9, 100]]);
    assert.deepEqual([...table.frameLen.subarray(0, 2)], [20 + 8117, 120]);
  });

  it('joins a foreign page with itself and with nothing else', () => {
    const table = newTable();
    table.pushRow(0, 20, 0);
    for (const [page, offset, len] of [
      [0, 5000, 1],
      [0, 5001, 4096],
      [1, 0, 4096],
      [1, 4096, 1],
    ] as const) {
      table.pushPiece(FIRST_FOREIGN + page, offset, len);
    }
    assert.deepEqual(pieces(table, 0), [
      [FIRST_FOREIGN, 5000, 4097],
      [FIRST_FOREIGN + 1, 0, 4097],
    ]);
  });

  it('says when rows, pieces or header room run out, and never writes past them', () => {
    const byRows = newTable();
    while (byRows.hasRoom(20)) byRows.pushRow(0, 20, 0);
    assert.equal(byRows.rows, byRows.capacity);
    const byPieces = newTable();
    while (byPieces.hasRoom(20)) {
      byPieces.pushRow(0, 20, 0);
      for (let i = 0; i < 18; i++) byPieces.pushPiece(2 * i, 0, 10);
    }
    assert.ok(byPieces.pieces <= byPieces.piecePage.length && byPieces.rows > 200);
    const byArena = newTable(4096);
    while (byArena.hasRoom(114)) byArena.pushRow(0, 114, 22);
    const { arena } = byArena.memory;
    const last = byArena.rows - 1;
    assert.ok(byArena.headOffset[last]! + byArena.headLen[last]! <= arena.offset + arena.len);
    assert.ok(byArena.rows > 20);
    byArena.reset();
    assert.equal(byArena.pushRow(0, 20, 0), arena.offset);
  });
});
