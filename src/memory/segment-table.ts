import { FIRST_FOREIGN } from './page-pool.js';
import { PAGE_SIZE, type UserMemory } from './user-memory.js';

const ROWS = 1024;
/** Pieces that one row may borrow: a 65,535-octet frame in 17 pages, and the linear part. */
const MAX_ROW_PIECES = 18;
const PIECES = ROWS * 4;
/** Headers begin a cache line each. */
const HEAD_ALIGN = 64;

/**
 * One batch of frames on their way from the UFO stage to a device. A row is a frame: octets of header in the arena, then
 * pieces `(page, offset, len)` borrowed from the datagram's user pages. All of it is typed arrays that are used again for
 * the next batch; nothing is allocated per fragment. Adjacent pages make one piece.
 *
 * A row belongs to the datagram `owner[row]`, an index that whoever fills the table gives. The table holds no references:
 * who fills it holds the skbs until the device has taken their rows.
 */
export class SegmentTable {
  readonly memory: UserMemory;
  readonly capacity: number = ROWS;
  rows = 0;
  /** Where a row's header begins in the memory, and its octets. */
  readonly headOffset: Int32Array = new Int32Array(ROWS);
  readonly headLen: Int32Array = new Int32Array(ROWS);
  /** Pieces of row r: `[firstPiece[r], firstPiece[r + 1])`. */
  readonly firstPiece: Int32Array = new Int32Array(ROWS + 1);
  /** Octets of the whole frame, header included. */
  readonly frameLen: Int32Array = new Int32Array(ROWS);
  readonly owner: Int32Array = new Int32Array(ROWS);
  pieces = 0;
  readonly piecePage: Int32Array = new Int32Array(PIECES);
  readonly pieceOffset: Int32Array = new Int32Array(PIECES);
  readonly pieceLen: Int32Array = new Int32Array(PIECES);
  #arenaNext: number;
  readonly #arenaEnd: number;

  constructor(memory: UserMemory) {
    this.memory = memory;
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
