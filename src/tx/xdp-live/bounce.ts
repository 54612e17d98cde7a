import { ERRNO, systemError } from '../../errors.js';
import { gatherRow } from '../../memory/gather-row.js';
import type { PagePool } from '../../memory/page-pool.js';
import { PAGE_SIZE } from '../../memory/user-memory.js';
import type { TxBatch } from '../net-device.js';

/** Frames that one call can have with pieces in foreign pages. */
const FRAMES = 16;

/**
 * Foreign pages, a caller's own buffers, lie outside the memory that the program reads. Rows with a piece there are copied
 * into pages of the pool and point to those while a run lasts; afterwards they are as they were.
 */
export class Bounce {
  readonly #pool: PagePool;
  readonly #page: number;
  readonly #rows: { row: number; offset: number; len: number }[] = [];

  /** @throws UfoError ENOMEM */
  constructor(pool: PagePool) {
    this.#pool = pool;
    this.#page = pool.allocRun(FRAMES);
    if (this.#page >= 0) return;
    const reason = `no run of ${FRAMES} free pages for frames of the caller's own buffers`;
    throw systemError(ERRNO.ENOMEM, 'allocPages', { reason, hint: 'give the pool more pages (poolPages)' });
  }

  /** Makes rows `[first, end)` readable for the program; the row behind the last one that is. */
  put(batch: TxBatch, first: number, end: number): number {
    if (this.#pool.foreignPages === 0) return end;
    for (let row = first; row < end; row++) {
      if (!this.#hasForeign(batch, row)) continue;
      if (this.#rows.length === FRAMES) return row;
      this.#copy(batch, row);
    }
    return end;
  }

  /** Gives the rows what they had. */
  takeBack({ table }: TxBatch): void {
    for (const { row, offset, len } of this.#rows) {
      table.headOffset[row] = offset;
      table.headLen[row] = len;
    }
    this.#rows.length = 0;
  }

  release(): void {
    for (let page = this.#page; page < this.#page + FRAMES; page++) this.#pool.putPage(page);
  }

  #hasForeign({ table }: TxBatch, row: number): boolean {
    for (let piece = table.firstPiece[row]!; piece < table.firstPiece[row + 1]!; piece++) {
      if (this.#pool.isForeign(table.piecePage[piece]!)) return true;
    }
    return false;
  }

  /** The whole frame becomes the row's header: the program asks for pieces only until the frame is full. */
  #copy({ table }: TxBatch, row: number): void {
    const offset = table.headOffset[row]!;
    const len = table.headLen[row]!;
    const start = this.#pool.offsetOf(this.#page) + this.#rows.length * PAGE_SIZE;
    this.#rows.push({ row, offset, len });
    const end = gatherRow(table, this.#pool, row, this.#pool.memory.bytes, start);
    table.headOffset[row] = start;
    table.headLen[row] = end - start;
  }
}
