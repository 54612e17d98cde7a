import { FIRST_FOREIGN, type PagePool } from './page-pool.js';
import type { SegmentTable } from './segment-table.js';

/** What a row is made of, stretch by stretch, in order. */
export interface RowVisitor {
  /** The next `len` octets lie in the memory, at `offset`: the header, or pages of the pool. */
  inMemory(offset: number, len: number): void;
  /** The next `len` octets lie in a caller's own buffer, the foreign page `page`, at `offset`. */
  inForeign(page: number, offset: number, len: number): void;
}

/** Shows `visitor` where a row's octets lie, its header first. */
export function walkRow(table: SegmentTable, pool: PagePool, row: number, visitor: RowVisitor): void {
  const headLen = table.headLen[row]!;
  if (headLen > 0) visitor.inMemory(table.headOffset[row]!, headLen);
  const end = table.firstPiece[row + 1]!;
  for (let piece = table.firstPiece[row]!; piece < end; piece++) {
    const page = table.piecePage[piece]!;
    const offset = table.pieceOffset[piece]!;
    const len = table.pieceLen[piece]!;
    if (page >= FIRST_FOREIGN) visitor.inForeign(page, offset, len);
    else visitor.inMemory(pool.offsetOf(page) + offset, len);
  }
}

/** Where in the memory a row lies in one stretch; −1 where it is in several, or in a caller's own buffer. */
export function rowInPlace(table: SegmentTable, pool: PagePool, row: number): number {
  const piece = table.firstPiece[row]!;
  const pieces = table.firstPiece[row + 1]! - piece;
  if (pieces === 0) return table.headOffset[row]!;
  const page = table.piecePage[piece]!;
  if (pieces > 1 || table.headLen[row]! > 0 || page >= FIRST_FOREIGN) return -1;
  return pool.offsetOf(page) + table.pieceOffset[piece]!;
}

/** Copies a row's octets, as many as fit, into `target` from `at` on; returns where they end. */
export function gatherRow(table: SegmentTable, pool: PagePool, row: number, target: Uint8Array, at: number): number {
  const { bytes } = pool.memory;
  const head = table.headOffset[row]!;
  let to = at + copy(bytes, head, table.headLen[row]!, target, at);
  const end = table.firstPiece[row + 1]!;
  for (let piece = table.firstPiece[row]!; piece < end; piece++) {
    const page = table.piecePage[piece]!;
    const offset = table.pieceOffset[piece]!;
    const len = table.pieceLen[piece]!;
    to +=
      page >= FIRST_FOREIGN
        ? copy(pool.foreignBytes(page), offset, len, target, to)
        : copy(bytes, pool.offsetOf(page) + offset, len, target, to);
  }
  return to;
}

/** A row's octets as an array of their own. */
export function rowOctets(table: SegmentTable, pool: PagePool, row: number): Uint8Array {
  const octets = new Uint8Array(table.frameLen[row]!);
  gatherRow(table, pool, row, octets, 0);
  return octets;
}

/** Up to here a loop over octets beats a call. */
const SHORT = 48;

/** Copies up to `len` octets; returns how many had room. */
function copy(source: Uint8Array, from: number, len: number, target: Uint8Array, at: number): number {
  const fitting = Math.min(len, target.length - at);
  if (fitting <= SHORT) for (let i = 0; i < fitting; i++) target[at + i] = source[from + i]!;
  else if (source === target)
    target.copyWithin(at, from, from + fitting); // no view made: a driver's own frame
  else target.set(source.subarray(from, from + fitting), at);
  return fitting;
}
