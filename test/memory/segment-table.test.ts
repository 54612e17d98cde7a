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

  it('gives a header alone no piece, whatever lay there before', () => {
    const table = newTable();
    table.pushRow(0, 20, 0);
    for (const page of [3, 5, 7]) table.pushPiece(page, 0, 100);
    table.reset();
    table.pushRow(0, 20, 0);
    assert.deepEqual(pieces(table, 0), []);
    table.pushRow(0, 20, 0);
    table.pushPiece(9, 0, 1);
    assert.deepEqual([pieces(table, 0), pieces(table, 1)], [[], [[9, 0, 1]]]);
  });

  it('joins a foreign page with itself and with nothing else', () => {
    const table = newTable();
    table.pushRow(0, 20, 0);
    for (const [page, offset, len] of [
      [0, 5000, 1],
      [0, 5001, 4096],
      [1, 0, 4096],
      [1, 4096, 1],
      // Numbers of foreign pages that follow each other say nothing of where they lie.
      [2, 1, 1],
    ] as const) {
      table.pushPiece(FIRST_FOREIGN + page, offset, len);
    }
    assert.deepEqual(pieces(table, 0), [
      [FIRST_FOREIGN, 5000, 4097],
      [FIRST_FOREIGN + 1, 0, 4097],
      [FIRST_FOREIGN + 2, 1, 1],
    ]);
  });

  it('repeats a row: header, length and owner, with what grows from row to row', () => {
    const table = newTable();
    const { view, bytes } = table.memory;
    const network = table.pushRowOfPiece(5, 62, 14, 3, 4000, 1448);
    bytes.fill(0x11, network - 14, network + 48);
    view.setUint16(network + 42, 0x05a9);
    assert.equal(table.repeatRow(3, network + 42, 0x5a8, 0), 3);
    assert.deepEqual([table.rows, table.pieces], [4, 4]);
    for (let row = 0; row < 4; row++) {
      const head = table.headOffset[row]!;
      assert.deepEqual([head, table.headLen[row]], [network - 14 + row * 64, 62]);
      assert.deepEqual([table.frameLen[row], table.owner[row]], [1510, 5]);
      assert.deepEqual(pieces(table, row), [[3 + ((4000 + row * 1448) >> 12), (4000 + row * 1448) & 4095, 1448]]);
      const header = new Uint8Array(62).fill(0x11);
      new DataView(header.buffer).setUint16(56, 0x05a9 + row * 0x5a8);
      assert.deepEqual(bytes.slice(head, head + 62), header);
    }
    assert.equal(table.pushRow(6, 20, 0), (network & -64) + 4 * 64);
    assert.equal(table.repeatRow(3, network + 42, 8, 0), 0, 'the last row has no piece');
  });

  it('updates the checksum of repeated rows, and repeats within foreign pages', () => {
    const table = newTable();
    const { view } = table.memory;
    const network = table.pushRowOfPiece(0, 20, 0, FIRST_FOREIGN + 1, 5000, 8);
    view.setUint16(network + 6, 0x2001);
    view.setUint16(network + 10, 0x0001);
    assert.equal(table.repeatRow(4, network + 6, 1, network + 10), 4);
    const words = [0, 1, 2, 3, 4].map((row) => [6, 10].map((at) => view.getUint16(network + row * 64 + at)));
    // ~1, less 1 each, and where it would become −0 the borrow goes round (RFC 1624 §3)
    assert.deepEqual(words, [
      [0x2001, 1],
      [0x2002, 0],
      [0x2003, 0xfffe],
      [0x2004, 0xfffd],
      [0x2005, 0xfffc],
    ]);
    assert.deepEqual(pieces(table, 4), [[FIRST_FOREIGN + 1, 5032, 8]]);
  });

  it('repeats as many rows as fit, and none without the kernel', () => {
    for (const arenaLen of [4096, 131_072]) {
      const table = newTable(arenaLen);
      const plain = new SegmentTable(table.memory, null);
      const network = table.pushRowOfPiece(0, 34, 14, 0, 0, 8);
      plain.pushRowOfPiece(0, 34, 14, 0, 0, 8);
      assert.equal(plain.repeatRow(10, network + 6, 1, 0), 0);
      while (plain.hasRoom(34)) plain.pushRowOfPiece(0, 34, 14, 0, 0, 8);
      assert.equal(table.repeatRow(2000, network + 6, 1, 0), plain.rows - 1);
      assert.equal(table.repeatRow(1, network + 6, 1, 0), 0);
    }
  });

  it('has room to the last row, piece and octet, and for none more', () => {
    const byRows = newTable();
    while (byRows.hasRoom(20)) byRows.pushRow(0, 20, 0);
    assert.equal(byRows.rows, 1024);
    const byPieces = newTable();
    for (let pieces = 0; byPieces.hasRoom(20); pieces++) {
      if (pieces % 10 === 0) byPieces.pushRow(0, 20, 0);
      byPieces.pushPiece(2 * pieces, 0, 1);
    }
    assert.equal(byPieces.pieces, 4096 - 17, 'the next row may have 18');
    // Headers of 114 octets behind a link of 22 take two cache lines each: 31 of them, the last with a line to spare.
    const byArena = newTable(4096);
    while (byArena.hasRoom(114)) byArena.pushRow(0, 114, 22);
    assert.equal(byArena.rows, 31);
    const whole = newTable(4096);
    while (whole.hasRoom(64)) whole.pushRow(0, 64, 0);
    assert.equal(whole.rows, 63);
    assert.ok(newTable(4096).hasRoom(4096 - 64) && !newTable(4096).hasRoom(4096 - 63));
  });

  it('is the memory’s: what one writes another over it reads, and reset begins again', () => {
    const table = newTable();
    table.pushRow(3, 20, 0);
    table.pushPiece(9, 8, 7);
    const other = new SegmentTable(table.memory);
    assert.deepEqual([other.headLen[0], other.frameLen[0], other.owner[0], other.firstPiece[1]], [20, 27, 3, 1]);
    assert.deepEqual([other.piecePage[0], other.pieceOffset[0], other.pieceLen[0]], [9, 8, 7]);
    const columns = [table.headOffset, table.headLen, table.firstPiece, table.frameLen, table.owner];
    const all = [...columns, table.piecePage, table.pieceOffset, table.pieceLen];
    let end = table.memory.table.offset;
    for (const { byteOffset, byteLength } of all) {
      assert.ok(byteOffset >= end, 'columns overlap');
      end = byteOffset + byteLength;
    }
    assert.ok(end + 64 <= table.memory.table.offset + table.memory.table.len, 'the kernel writes a line beyond');
    table.reset();
    assert.deepEqual([table.rows, table.pieces, table.pushRow(0, 20, 0)], [0, 0, table.memory.arena.offset]);
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
