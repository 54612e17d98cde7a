import type { FileHandle } from 'node:fs/promises';
import { argumentError } from '../../errors.js';
import { readCached } from '../../host/read-cached.js';
import type { PagePool } from '../../memory/page-pool.js';
import { PAGE_SIZE } from '../../memory/user-memory.js';
import { NETIF_F_SG } from '../../skb/features.js';
import type { SkbFrag } from '../../skb/shared-info.js';
import { type Current, type Feed, noPayload } from './feeds.js';

/** A stretch of a file to be sent as datagrams of one size. */
export interface FileStretch {
  readonly handle: FileHandle;
  /** Octets it was said to have when it was opened; it may have more. */
  readonly size: number;
  readonly start: number;
  /** Octet behind the last one wanted; the file may end before. */
  readonly end: number;
  readonly datagramSize: number;
}

/** Pages of each of two windows at most: small enough for both to stay in the cache. */
const WINDOW_PAGES = 64;
const WINDOWS = 2;

/** A run of pages that whole datagrams of the file are read into, one window while the other one is sent. */
interface Window {
  readonly first: number;
  readonly octets: Uint8Array;
  /** Octets read, and how many of them have been handed out. */
  len: number;
  at: number;
}

/**
 * A file read straight into user pages, some hundred kilobytes at a time, and sent from there: no copy of ours between the
 * page cache and the device. What is cached is read at once, the rest by libuv's threads, one window ahead. Read rather than
 * mapped: a mapped file that somebody cuts short kills the process (SIGBUS).
 */
export class FileFeed implements Feed {
  readonly payload: Current = noPayload();
  readonly #stretch: FileStretch;
  readonly #pool: PagePool;
  readonly #windows: readonly Window[];
  readonly #windowPages: number;
  readonly #frag: SkbFrag = { page: 0, offset: 0, size: 0 };
  readonly #sg: boolean;
  #current = 0;
  /** Where the next window begins in the file. */
  #position: number;
  #reading = false;
  /** The page cache had not all of the last window: the next one is read ahead. */
  #slow = false;
  #eof = false;
  #failure: { readonly error: unknown } | null = null;
  #closed = false;
  #wake: () => void = () => {};

  private constructor(
    stretch: FileStretch,
    pool: PagePool,
    features: number,
    firsts: readonly number[],
    pages: number,
  ) {
    this.#stretch = stretch;
    this.#pool = pool;
    this.#windowPages = pages;
    this.#sg = (features & NETIF_F_SG) !== 0;
    this.#position = stretch.start;
    const len = Math.floor((pages * PAGE_SIZE) / stretch.datagramSize) * stretch.datagramSize;
    this.#windows = firsts.map((first) => {
      const octets = pool.memory.bytes.subarray(pool.offsetOf(first), pool.offsetOf(first) + len);
      return { first, octets, len: 0, at: 0 };
    });
    if (this.#sg) this.payload.frags = [this.#frag];
  }

  /** Null where the pool has no two runs of pages for a datagram. Half of the pool is left for heads, and for others. */
  static take(stretch: FileStretch, pool: PagePool, features: number): FileFeed | null {
    const least = Math.ceil(stretch.datagramSize / PAGE_SIZE);
    const fair = Math.floor(pool.freePages / 2 / WINDOWS);
    const pages = Math.max(least, Math.min(WINDOW_PAGES, fair));
    const firsts = Array.from({ length: WINDOWS }, () => pool.allocRun(pages));
    if (firsts.every((first) => first >= 0)) return new FileFeed(stretch, pool, features, firsts, pages);
    for (const first of firsts) if (first >= 0) putRun(pool, first, pages);
    return null;
  }

  next(wake: () => void): 'ready' | 'later' | 'busy' | 'end' {
    this.#wake = wake;
    if (this.#isEmpty(this.#here) && !this.#isEmpty(this.#there)) this.#current = 1 - this.#current;
    if (!this.#isEmpty(this.#here)) {
      if (this.#slow) this.#fill(this.#there);
      this.#handOut(this.#here);
      return 'ready';
    }
    if (this.#failure !== null) throw this.#failure.error;
    if (!this.#reading && this.#eof) return 'end';
    this.#fill(this.#here);
    if (!this.#isEmpty(this.#here)) return this.next(wake);
    if (this.#reading) return 'later';
    return this.#eof ? this.next(wake) : 'busy';
  }

  close(): void {
    this.#closed = true;
    if (!this.#reading) this.#release(); // else when the read is over, which still writes
  }

  get #here(): Window {
    return this.#windows[this.#current]!;
  }

  get #there(): Window {
    return this.#windows[1 - this.#current]!;
  }

  #isEmpty({ at, len }: Window): boolean {
    return at === len;
  }

  #handOut(window: Window): void {
    const len = Math.min(this.#stretch.datagramSize, window.len - window.at);
    const { payload } = this;
    payload.len = len;
    if (this.#sg) {
      this.#frag.page = window.first + Math.floor(window.at / PAGE_SIZE);
      this.#frag.offset = window.at % PAGE_SIZE;
      this.#frag.size = len;
    } else payload.octets = window.octets.subarray(window.at, window.at + len);
    window.at += len;
  }

  /** Begins to read into a window that has been sent, where nothing else is being read. */
  #fill(window: Window): void {
    if (this.#reading || this.#eof || !this.#isEmpty(window) || this.#isUnderWay(window)) return;
    const want = Math.min(window.octets.length, this.#stretch.end - this.#position);
    const cached = this.#readCached(window, want);
    this.#slow = cached < want;
    if (cached === want) {
      this.#take(window, want, want);
      return;
    }
    this.#reading = true;
    this.#read(window, cached, want)
      .catch((error: unknown) => {
        this.#eof = true;
        this.#failure = { error };
      })
      .finally(() => {
        this.#reading = false;
        if (this.#closed) this.#release();
        else this.#wake();
      });
  }

  /** What the page cache has of it: read at once and on this core, where it is sent from. */
  #readCached({ first }: Window, want: number): number {
    const address = this.#pool.addressOf(first);
    return Math.max(0, readCached(this.#stretch.handle.fd, address, want, this.#position));
  }

  async #read(window: Window, cached: number, want: number): Promise<void> {
    let len = cached;
    while (len < want) {
      const { bytesRead } = await this.#stretch.handle.read(window.octets, len, want - len, this.#position + len);
      if (bytesRead === 0) break;
      len += bytesRead;
    }
    const { handle, size, datagramSize } = this.#stretch;
    const end = this.#position + len;
    try {
      if (len < want) await refuseShorter(handle, end, size);
      this.#take(window, len, want);
    } catch (error) {
      this.#take(window, len - (len % datagramSize), want);
      throw error;
    }
  }

  #take(window: Window, len: number, want: number): void {
    this.#position += len;
    this.#eof = len < want || this.#position >= this.#stretch.end;
    window.at = 0;
    window.len = len;
  }

  /** Whether datagrams on their way hold its pages, beside us. */
  #isUnderWay({ first }: Window): boolean {
    for (let page = first + this.#windowPages - 1; page >= first; page--) {
      if (this.#pool.pageCount(page) > 1) return true;
    }
    return false;
  }

  #release(): void {
    for (const { first } of this.#windows) putRun(this.#pool, first, this.#windowPages);
  }
}

/** An early end is no fault of a file whose size is made up (/sys); of one that was cut meanwhile it is. */
export async function refuseShorter(handle: FileHandle, end: number, size: number): Promise<void> {
  if ((await handle.stat()).size >= size) return;
  throw argumentError('file', `an end at octet ${end}`, `${size} octets, as when it was opened`);
}

function putRun(pool: PagePool, first: number, pages: number): void {
  for (let page = first + pages - 1; page >= first; page--) pool.putPage(page);
}
