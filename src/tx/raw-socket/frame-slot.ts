import { ERRNO, systemError } from '../../errors.js';
import { gatherRow, rowInPlace } from '../../memory/gather-row.js';
import type { PagePool } from '../../memory/page-pool.js';
import type { SegmentTable } from '../../memory/segment-table.js';
import { PAGE_SIZE } from '../../memory/user-memory.js';

/**
 * Makes rows contiguous for drivers without NETIF_F_SG: header and pieces are copied one behind the other into one frame
 * that is used again and again. It is a run of the pool's own pages, so both ends of the copy lie in one memory, and
 * nothing is allocated per row. A row that is contiguous already (a header alone, or one piece) is not copied.
 */
export class FrameSlot {
  /** All of the memory as a Buffer, which is what offsets of `place` count in. */
  readonly octets: Buffer;
  /** Longest frame that fits, octets. */
  readonly maxLen: number;
  readonly #pool: PagePool;
  readonly #page: number;
  readonly #pages: number;
  readonly #base: number;

  /** Throws ENOMEM where the pool has no run of pages for frames of `maxLen` octets. */
  constructor(pool: PagePool, maxLen: number) {
    this.#pages = Math.ceil(maxLen / PAGE_SIZE);
    this.#page = pool.allocRun(this.#pages);
    if (this.#page < 0) {
      const reason = `no run of ${this.#pages} free pages for frames of ${maxLen} octets`;
      throw systemError(ERRNO.ENOMEM, 'allocPages', { reason, hint: 'give the pool more pages (poolPages)' });
    }
    this.#pool = pool;
    this.#base = pool.offsetOf(this.#page);
    this.maxLen = maxLen;
    this.octets = Buffer.from(pool.memory.wasm.buffer);
  }

  /** Where in `octets` the frame of this row is contiguous, until the next call; −1 where it is longer than `maxLen`. */
  place(table: SegmentTable, row: number): number {
    const inPlace = rowInPlace(table, this.#pool, row);
    if (inPlace >= 0) return inPlace;
    if (table.frameLen[row]! > this.maxLen) return -1;
    gatherRow(table, this.#pool, row, this.#pool.memory.bytes, this.#base);
    return this.#base;
  }

  /** Gives the pages back. */
  release(): void {
    for (let page = this.#page; page < this.#page + this.#pages; page++) this.#pool.putPage(page);
  }
}
