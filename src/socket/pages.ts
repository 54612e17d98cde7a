import { argumentError, ERRNO, systemError, typeError, UfoError } from '../errors.js';
import type { PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import { skbFragRef, skbFragUnref } from '../skb/frag.js';
import { MAX_SKB_FRAGS, type SkbFrag } from '../skb/shared-info.js';
import { type Octets, octetsOf } from './dgram/message.js';

/**
 * User pages of the caller: write into `buffers`, then `sendPages`. They are the frags of the datagram as they are, so they
 * must not change between `sendPages` and its completion; afterwards they can be written and sent again, until disposed.
 */
export interface Pages extends Disposable {
  /** Octets asked for; the datagram's payload. */
  readonly len: number;
  /**
   * The pages as stretches that follow each other, `len` octets in all; one, unless the pool is in pieces. Not to be kept
   * beyond disposal: somebody else has them then.
   * @throws UfoError ERR_UFO_DISPOSED, as `write` does
   */
  readonly buffers: readonly Uint8Array[];
  readonly disposed: boolean;
  /**
   * Copies octets (of text its UTF-8) to `offset`.
   * @throws UfoError ERR_UFO_INVALID_ARGUMENT where they don't fit; ERR_UFO_DISPOSED
   */
  write(octets: Octets, offset?: number): void;
  /** Gives the pages back; what is still on its way keeps them until it is done. Idempotent. */
  [Symbol.dispose](): void;
}

/** The inside of `Pages`, which only a socket sees. */
export class UserPages implements Pages {
  readonly len: number;
  /** The same as `buffers`, for the sender. */
  readonly frags: readonly SkbFrag[];
  readonly #buffers: readonly Uint8Array[];
  readonly #pool: PagePool;
  #disposed = false;

  private constructor(pool: PagePool, len: number, frags: readonly SkbFrag[]) {
    this.#pool = pool;
    this.len = len;
    this.frags = frags;
    this.#buffers = frags.map(({ page, size }) => {
      const start = pool.offsetOf(page);
      return pool.memory.bytes.subarray(start, start + size);
    });
  }

  /** @throws UfoError ERR_UFO_INVALID_ARGUMENT for a length; ENOMEM where the pool has not enough free pages now */
  static take(pool: PagePool, len: number): UserPages {
    const most = MAX_SKB_FRAGS * PAGE_SIZE;
    if (typeof len !== 'number') throw typeError('len', len, 'a number of octets');
    if (!Number.isInteger(len) || len < 1 || len > most) throw argumentError('len', len, `1 … ${most} octets`);
    const count = Math.ceil(len / PAGE_SIZE);
    if (pool.freePages < count) {
      const reason = `${count} pages asked for, ${pool.freePages} free`;
      throw systemError(ERRNO.ENOMEM, 'allocPages', { reason });
    }
    const run = pool.allocRun(count);
    return new UserPages(pool, len, run >= 0 ? [{ page: run, offset: 0, size: len }] : scattered(pool, len, count));
  }

  /** The ones behind what a caller hands over. @throws UfoError (TypeError) */
  static of(pages: unknown): UserPages {
    if (pages instanceof UserPages) return pages;
    throw typeError('pages', pages, 'what allocPages gave');
  }

  get buffers(): readonly Uint8Array[] {
    this.#checkOwned();
    return this.#buffers;
  }

  write(from: Octets, offset = 0): void {
    this.#checkOwned();
    const octets = octetsOf(from, 'octets');
    if (!Number.isInteger(offset) || offset < 0 || offset > this.len) {
      throw argumentError('offset', offset, `0 … ${this.len} octets`);
    }
    if (offset + octets.length > this.len) {
      throw argumentError('octets', octets, `at most ${this.len - offset} octets at offset ${offset}`);
    }
    let at = 0;
    for (const buffer of this.buffers) {
      const skip = Math.max(0, offset - at);
      const first = Math.max(0, at - offset);
      if (skip < buffer.length) buffer.set(octets.subarray(first, first + buffer.length - skip), skip);
      at += buffer.length;
    }
  }

  /** The buffers from octet `offset` on: where reading a file goes on after a short read. */
  rest(offset: number): Uint8Array[] {
    let skip = offset;
    const rest: Uint8Array[] = [];
    for (const buffer of this.buffers) {
      if (skip < buffer.length) rest.push(buffer.subarray(skip));
      skip = Math.max(0, skip - buffer.length);
    }
    return rest;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** @throws UfoError ERR_UFO_DISPOSED; ERR_UFO_INVALID_ARGUMENT for pages of another socket */
  check(pool: PagePool): void {
    this.#checkOwned();
    if (pool !== this.#pool) throw argumentError('pages', 'pages of another socket', "this socket's own (allocPages)");
  }

  /**
   * Takes a reference on every page, so that they may be disposed of while a datagram waits to be made of them. Call what
   * this returns once it is made.
   * @throws UfoError ERR_UFO_DISPOSED
   */
  hold(pool: PagePool): () => void {
    this.check(pool);
    for (const frag of this.frags) skbFragRef(pool, frag);
    return () => {
      for (const frag of this.frags.toReversed()) skbFragUnref(pool, frag);
    };
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const frag of this.frags.toReversed()) skbFragUnref(this.#pool, frag);
  }

  /** Afterwards they are somebody else's. */
  #checkOwned(): void {
    if (this.#disposed) throw new UfoError('ERR_UFO_DISPOSED', 'these pages have been disposed of');
  }
}

/** Pages one by one, in the order the pool has them. */
function scattered(pool: PagePool, len: number, count: number): SkbFrag[] {
  return Array.from({ length: count }, (_, index) => ({
    page: pool.allocPage(),
    offset: 0,
    size: Math.min(PAGE_SIZE, len - index * PAGE_SIZE),
  }));
}
