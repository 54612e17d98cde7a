import type { PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import { swap16 } from '../wire/octets.js';
import {
  bodyStart,
  MAGIC,
  PAYLOAD_HEADER_LEN,
  payloadTable,
  TABLE_LEN,
  TIMED_HEADER_LEN,
  TIMED_MAGIC,
} from './generated.js';
import { NANOSECONDS, setTime, TIMED_LEAST_LEN } from './time.js';

const TABLE_PAGES = TABLE_LEN / PAGE_SIZE;

/** A stretch of the pool's pages: a run from `page` on. */
interface Stretch {
  page: number;
  offset: number;
  size: number;
}

/**
 * Generated payloads without making them: a head of 16 octets (24 with a time), and a stretch of the seed's table, which lies in
 * pages of the pool once. The sum of any stretch is a difference of two prefix sums.
 */
export class PayloadStamp {
  /** The head of the payload stamped last; its length changes with `resize` where payloads say a time. */
  head: Uint8Array;
  /** Where its body lies. */
  readonly body: Stretch;
  /** One's complement sum of the whole payload. */
  sum = 0;
  readonly #pool: PagePool;
  readonly #first: number;
  readonly #octets: Uint8Array = new Uint8Array(TIMED_HEADER_LEN);
  readonly #view: DataView = new DataView(this.#octets.buffer);
  readonly #heads = { plain: this.#octets.subarray(0, PAYLOAD_HEADER_LEN), timed: this.#octets };
  readonly #timed: boolean;
  readonly #table: Uint8Array;
  readonly #prefix: Uint16Array;
  readonly #seed: number;
  /** Sum of the head but for the sequence. */
  #headSum = 0;

  private constructor(pool: PagePool, first: number, size: number, seed: number, timed: boolean) {
    this.#pool = pool;
    this.#first = first;
    this.#table = payloadTable(seed);
    this.#prefix = prefixSums(this.#table);
    this.body = { page: first, offset: 0, size: 0 };
    this.#timed = timed;
    this.#seed = seed;
    this.#view.setUint32(4, seed);
    this.head = this.#heads.plain;
    this.resize(size);
    pool.memory.bytes.set(this.#table, pool.offsetOf(first));
  }

  /** Null where the pool has not the pages, or a payload is too short to have a body. */
  static take(pool: PagePool, size: number, seed: number, timed = false): PayloadStamp | null {
    if (size <= PAYLOAD_HEADER_LEN) return null;
    const first = pool.allocRun(TABLE_PAGES);
    return first < 0 ? null : new PayloadStamp(pool, first, size, seed, timed);
  }

  /** From now on payloads of `size` octets, more than those of a head. */
  resize(size: number): void {
    const timed = this.#timed && size >= TIMED_LEAST_LEN;
    const magic = timed ? TIMED_MAGIC : MAGIC;
    this.head = timed ? this.#heads.timed : this.#heads.plain;
    this.body.size = size - this.head.length;
    this.#view.setUint32(0, magic);
    this.#view.setUint32(12, size);
    this.#headSum = fold(wordsOf(magic) + wordsOf(this.#seed) + wordsOf(size));
  }

  /** Makes `head`, `body` and `sum` those of datagram `sequence`, sent at that time (milliseconds since the epoch). */
  stamp(sequence: number, sentAt = 0): void {
    const start = bodyStart(sequence);
    const { body } = this;
    body.page = this.#first + Math.trunc(start / PAGE_SIZE);
    body.offset = start % PAGE_SIZE;
    this.#view.setUint32(8, sequence);
    this.sum = fold(
      this.#sumOf(start, start + body.size) + this.#headSum + wordsOf(sequence) + this.#stampTime(sentAt),
    );
  }

  /** The sum of what it writes. */
  #stampTime(sentAt: number): number {
    if (this.head.length === PAYLOAD_HEADER_LEN) return 0;
    setTime(this.#view, 0, sentAt);
    return wordsOf(this.#view.getUint32(PAYLOAD_HEADER_LEN)) + wordsOf(this.#view.getUint32(NANOSECONDS));
  }

  /** Gives the pages back; datagrams on their way hold theirs. */
  release(): void {
    for (let page = this.#first + TABLE_PAGES - 1; page >= this.#first; page--) this.#pool.putPage(page);
  }

  /** Sum of a stretch of the table; from an odd octet on it is that of the words one octet off, swapped (RFC 1071 §2(B)). */
  #sumOf(start: number, end: number): number {
    const table = this.#table;
    const odd = start & 1;
    const words = fold(0xffff + this.#prefix[end >>> 1]! - this.#prefix[(start + 1) >>> 1]!);
    const first = odd === 0 ? 0 : table[start]! << 8;
    const last = ((end - start) & 1) === 0 ? (odd === 0 ? 0 : table[end - 1]!) : odd === 0 ? table[end - 1]! << 8 : 0;
    return (odd === 0 ? words : swap16(words)) + first + last;
  }
}

let cachedTable: Uint8Array | null = null;
let cachedSums = new Uint16Array(0);

/** Element i: the sum of the table's first i big-endian words, modulo 65,535; the last table's are kept. */
function prefixSums(table: Uint8Array): Uint16Array {
  if (table === cachedTable) return cachedSums;
  const sums = new Uint16Array(table.length / 2 + 1);
  for (let i = 0, sum = 0; i < table.length / 2; i++) {
    sum = (sum + ((table[2 * i]! << 8) | table[2 * i + 1]!)) % 0xffff;
    sums[i + 1] = sum;
  }
  cachedTable = table;
  cachedSums = sums;
  return sums;
}

function wordsOf(value: number): number {
  return (value >>> 16) + (value & 0xffff);
}

/** Sums below 2^31 as 16 bits; 0 and 0xffff mean the same, and a head is never all 0. */
function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}
