import { SEGMENT_KERNEL_BYTES } from './segment-kernel-bytes.generated.js';
import { compileKernel, instantiate, type WasmMemory } from './webassembly.js';

/** Rows of a segment table. */
export const ROWS = 1024;
/** Pieces of a segment table. */
export const PIECES = ROWS * 4;
/** Pieces that one row may borrow: a 65,535-octet frame in 17 pages, and the linear part. */
export const MAX_ROW_PIECES = 18;

/**
 * Octets from column to column. A cache line more than the elements need: the kernel writes a few beyond the last one, and
 * columns a multiple of 4,096 octets apart would contend for the same places in the cache.
 */
const ROW_COLUMN = ROWS * 4 + 64;
const PIECE_COLUMN = PIECES * 4 + 64;
const FIRST_PIECE_COLUMN = 5 * ROW_COLUMN;

/** Where the columns begin, in octets from the table's beginning; segment-kernel.wat has the same numbers. */
export const COLUMNS = {
  headOffset: 0,
  headLen: ROW_COLUMN,
  firstPiece: 2 * ROW_COLUMN,
  frameLen: 3 * ROW_COLUMN,
  owner: 4 * ROW_COLUMN,
  piecePage: FIRST_PIECE_COLUMN,
  pieceOffset: FIRST_PIECE_COLUMN + PIECE_COLUMN,
  pieceLen: FIRST_PIECE_COLUMN + 2 * PIECE_COLUMN,
} as const;

/** Octets of the whole table. */
export const TABLE_LEN: number = FIRST_PIECE_COLUMN + 3 * PIECE_COLUMN;

/**
 * Writes `count` rows and their headers behind `row`, whose only piece is `piece`, each with as much payload from where the
 * one before ends. The 16-bit field at `offsetAt` grows by `step` from row to row, and the checksum at `checksumAt` follows
 * it; 0: there is none. Both are octets from the multiple of 64 in front of a header; headers are `pitch` octets apart.
 * An offset of `1 << pageShift` names the next page.
 */
export type RepeatRow = (
  table: number,
  row: number,
  piece: number,
  count: number,
  pitch: number,
  pageShift: number,
  offsetAt: number,
  step: number,
  checksumAt: number,
) => void;

/** Compiled once per thread; null where this processor has no vector instructions that V8 can use. */
let compiled: object | null | undefined;

/** The kernel of segment-kernel.wat over a memory, or null: rows are then written one by one. */
export function createRepeatRow(memory: WasmMemory): RepeatRow | null {
  if (compiled === undefined) compiled = compileKernel(SEGMENT_KERNEL_BYTES);
  return compiled === null ? null : (instantiate(compiled, memory)['repeatRow'] as RepeatRow);
}
