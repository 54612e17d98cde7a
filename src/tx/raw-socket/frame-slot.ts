import { ERRNO, systemError } from '../../errors.js';
import type { PagePool } from '../../memory/page-pool.js';
import type { SegmentTable } from '../../memory/segment-table.js';
import { PAGE_SIZE } from '../../memory/user-memory.js';

/** Up to here a loop over octets beats a call. */
const SHORT = 48;

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
    const headLen = table.headLen[row]!;
    const head = table.headOffset[row]!;
    const piece = table.firstPiece[row]!;
    const end = table.firstPiece[row + 1]!;
    if (piece === end) return head;
    if (headLen === 0 && end - piece === 1 && !this.#pool.isForeign(table.piecePage[piece]!)) {
      return this.#sourceOf(table, piece);
    }
    if (table.frameLen[row]! > this.maxLen) return -1;
    const start = this.#base;
    this.#copy(start, head, headLen);
    this.#gather(table, piece, end, start + headLen);
    return start;
  }

  /** Gives the pages back. */
  release(): void {
    for (let page = this.#page; page < this.#page + this.#pages; page++) this.#pool.putPage(page);
  }

  #gather(table: SegmentTable, first: number, end: number, target: number): void {
    let at = target;
    for (let piece = first; piece < end; piece++) {
      const len = table.pieceLen[piece]!;
      const page = table.piecePage[piece]!;
      if (this.#pool.isForeign(page)) this.#pool.copyOut(page, table.pieceOffset[piece]!, len, this.octets, at);
      else this.#copy(at, this.#sourceOf(table, piece), len);
      at += len;
    }
  }

  #sourceOf(table: SegmentTable, piece: number): number {
    const page = table.piecePage[piece]!;
    const offset = table.pieceOffset[piece]!;
    return this.#pool.isForeign(page) ? offset : this.#pool.offsetOf(page) + offset;
  }

  #copy(target: number, source: number, len: number): void {
    const { octets } = this;
    if (len <= SHORT) for (let i = 0; i < len; i++) octets[target + i] = octets[source + i]!;
    else octets.copyWithin(target, source, source + len);
  }
}
