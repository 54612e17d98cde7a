import { FIRST_FOREIGN } from './page-pool.js';
import { COLUMNS, MAX_ROW_PIECES, PIECES, type RepeatRow, ROWS } from './segment-kernel.js';
import { PAGE_SIZE, type UserMemory } from './user-memory.js';

/** Headers begin a cache line each. */
const HEAD_ALIGN = 64;
const PAGE_SHIFT = Math.log2(PAGE_SIZE);
/** No offset into a foreign page reaches a next one. */
const FOREIGN_SHIFT = 31;

/**
 * One batch of frames on their way from the UFO stage to a device. A row is a frame: octets of header in the arena, then
 * pieces `(page, offset, len)` borrowed from the datagram's user pages. All of it is typed arrays that are used again for
 * the next batch; nothing is allocated per fragment. Adjacent pages make one piece. Header arena and columns are the
 * memory's, where the kernel of segment-kernel.wat reaches them: a memory serves one table at a time.
 *
 * A row belongs to the datagram `owner[row]`, an index that whoever fills the table gives. The table holds no references:
 * who fills it holds the skbs until the device has taken their rows.
 */
export class SegmentTable {
  readonly memory: UserMemory;
  readonly capacity: number = ROWS;
  rows = 0;
  /** Where a row's header begins in the memory, and its octets. */
  readonly headOffset: Int32Array;
  readonly headLen: Int32Array;
  /** Pieces of row r: `[firstPiece[r], firstPiece[r + 1])`. */
  readonly firstPiece: Int32Array;
  /** Octets of the whole frame, header included. */
  readonly frameLen: Int32Array;
  readonly owner: Int32Array;
  pieces = 0;
  readonly piecePage: Int32Array;
  readonly pieceOffset: Int32Array;
  readonly pieceLen: Int32Array;
  readonly #repeatRow: RepeatRow | null;
  #arenaNext: number;
  readonly #arenaEnd: number;

  /** `repeatRow` null: every row is written by itself, as where the processor has no vector instructions. */
  constructor(memory: UserMemory, repeatRow: RepeatRow | null = memory.repeatRow) {
    const column = (at: number, length: number): Int32Array =>
      new Int32Array(memory.wasm.buffer, memory.table.offset + at, length);
    this.memory = memory;
    this.headOffset = column(COLUMNS.headOffset, ROWS);
    this.headLen = column(COLUMNS.headLen, ROWS);
    this.firstPiece = column(COLUMNS.firstPiece, ROWS + 1);
    this.frameLen = column(COLUMNS.frameLen, ROWS);
    this.owner = column(COLUMNS.owner, ROWS);
    this.piecePage = column(COLUMNS.piecePage, PIECES);
    this.pieceOffset = column(COLUMNS.pieceOffset, PIECES);
    this.pieceLen = column(COLUMNS.pieceLen, PIECES);
    this.#repeatRow = repeatRow;
    this.#arenaNext = memory.arena.offset;
    this.#arenaEnd = memory.arena.offset + memory.arena.len;
  }

  /** Whether another row with a header of `headLen` octets fits; if not, the batch has to go out first. */
  hasRoom(headLen: number): boolean {
    return (
      this.rows < ROWS &&
      this.pieces + MAX_ROW_PIECES <= PIECES &&
      this.#arenaNext + headLen + HEAD_ALIGN <= this.#arenaEnd
    );
  }

  /**
   * Opens a row for datagram `owner` with a header of `headLen` octets, of which the first `linkLen` are the link header;
   * returns where the *network* header begins in the memory, always a multiple of 4 (the kernel's NET_IP_ALIGN). The
   * caller has asked `hasRoom` before. The header's octets are whatever was there.
   */
  pushRow(owner: number, headLen: number, linkLen: number): number {
    const row = this.rows++;
    const network = (this.#arenaNext + linkLen + 3) & ~3;
    const head = network - linkLen;
    this.headOffset[row] = head;
    this.headLen[row] = headLen;
    this.frameLen[row] = headLen;
    this.owner[row] = owner;
    this.firstPiece[row] = this.pieces;
    this.firstPiece[row + 1] = this.pieces;
    this.#arenaNext = (head + headLen + HEAD_ALIGN - 1) & ~(HEAD_ALIGN - 1);
    return network;
  }

  /** `pushRow` and its only piece in one: what nearly every fragment is, so what the speed of cutting hangs on. */
  pushRowOfPiece(owner: number, headLen: number, linkLen: number, page: number, offset: number, len: number): number {
    const row = this.rows++;
    const piece = this.pieces++;
    const network = (this.#arenaNext + linkLen + 3) & ~3;
    const head = network - linkLen;
    this.headOffset[row] = head;
    this.headLen[row] = headLen;
    this.frameLen[row] = headLen + len;
    this.owner[row] = owner;
    this.firstPiece[row] = piece;
    this.firstPiece[row + 1] = piece + 1;
    this.piecePage[piece] = page;
    this.pieceOffset[piece] = offset;
    this.pieceLen[piece] = len;
    this.#arenaNext = (head + headLen + HEAD_ALIGN - 1) & ~(HEAD_ALIGN - 1);
    return network;
  }

  /** Adds a piece to the last row; one that goes on where the piece before it ends joins it. */
  pushPiece(page: number, offset: number, len: number): void {
    const row = this.rows - 1;
    const last = this.pieces - 1;
    this.frameLen[row]! += len;
    if (last >= this.firstPiece[row]! && this.#adjoins(last, page, offset)) {
      this.pieceLen[last]! += len;
      return;
    }
    const piece = this.pieces++;
    this.piecePage[piece] = page;
    this.pieceOffset[piece] = offset;
    this.pieceLen[piece] = len;
    this.firstPiece[row + 1] = this.pieces;
  }

  /**
   * Adds up to `count` rows like the last one, which has one piece, each borrowing as much from where the one before ends:
   * the middle of a datagram. Their headers are the last one's, but for the 16-bit field at `offsetAt` in the memory, which
   * grows by `step` each, and the IPv4 checksum at `checksumAt` (0: there is none). Returns how many rows it added: as many
   * as fit, or 0 where the processor has no vector instructions.
   */
  repeatRow(count: number, offsetAt: number, step: number, checksumAt: number): number {
    const row = this.rows - 1;
    const piece = this.pieces - 1;
    if (this.#repeatRow === null || this.firstPiece[row] !== piece) return 0;
    const head = this.headOffset[row]!;
    const line = head & -HEAD_ALIGN;
    const pitch = this.#arenaNext - line;
    // the room that `hasRoom` wants for each of them
    const inArena = Math.floor((this.#arenaEnd - HEAD_ALIGN - this.headLen[row]! - this.#arenaNext) / pitch) + 1;
    const fitting = Math.min(count, ROWS - this.rows, PIECES - MAX_ROW_PIECES - this.pieces + 1, inArena);
    if (fitting <= 0) return 0;
    const shift = this.piecePage[piece]! < FIRST_FOREIGN ? PAGE_SHIFT : FOREIGN_SHIFT;
    const checksum = checksumAt === 0 ? 0 : checksumAt - line;
    this.#repeatRow(this.memory.table.offset, row, piece, fitting, pitch, shift, offsetAt - line, step, checksum);
    this.rows += fitting;
    this.pieces += fitting;
    this.#arenaNext += fitting * pitch;
    return fitting;
  }

  /** Empties the table once the device has taken every row. */
  reset(): void {
    this.rows = 0;
    this.pieces = 0;
    this.#arenaNext = this.memory.arena.offset;
  }

  #adjoins(last: number, page: number, offset: number): boolean {
    const before = this.piecePage[last]!;
    const end = this.pieceOffset[last]! + this.pieceLen[last]!;
    if (before === page) return end === offset;
    return page < FIRST_FOREIGN && before < FIRST_FOREIGN && (page - before) * PAGE_SIZE + offset === end;
  }
}
