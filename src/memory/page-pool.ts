import { addressOf } from '../host/libc.js';
import { PAGE_SIZE, type UserMemory } from './user-memory.js';

/** Page numbers from here on name foreign pages: buffers of the caller, by address. */
export const FIRST_FOREIGN = 1 << 24;
const NIL = -1;

/**
 * User pages of 4,096 octets with reference counts, and foreign pages (a caller's Buffer of any length that is a frag as
 * it is). The free list is a doubly linked list in typed arrays, last freed first taken: the working set stays in the
 * cache, and any page can be unlinked, which runs of pages need.
 */
export class PagePool {
  readonly memory: UserMemory;
  /** Pages of the pool, free or not. */
  readonly pages: number;
  #free: number;
  #head = 0;
  readonly #refs: Int32Array;
  readonly #next: Int32Array;
  readonly #prev: Int32Array;
  readonly #foreign = new Map<number, { readonly bytes: Uint8Array; address: number; refs: number }>();
  #nextForeign = FIRST_FOREIGN;
  /** Called after a page came back; who waits for pages hangs here. */
  onFree: (() => void) | null = null;

  constructor(memory: UserMemory) {
    this.memory = memory;
    this.pages = memory.pages.len / PAGE_SIZE;
    this.#free = this.pages;
    this.#refs = new Int32Array(this.pages);
    this.#next = Int32Array.from({ length: this.pages }, (_, page) => (page + 1 < this.pages ? page + 1 : NIL));
    this.#prev = Int32Array.from({ length: this.pages }, (_, page) => page - 1);
  }

  get freePages(): number {
    return this.#free;
  }

  /** Foreign pages that somebody still refers to. */
  get foreignPages(): number {
    return this.#foreign.size;
  }

  /** One page with one reference, or −1 where none is free. */
  allocPage(): number {
    const page = this.#head;
    if (page === NIL) return NIL;
    this.#unlink(page);
    return page;
  }

  /** `count` pages in a row, each with one reference; the first one's number, or −1. First fit. */
  allocRun(count: number): number {
    if (count === 1) return this.allocPage();
    const first = this.#freeRun(count);
    if (first !== NIL) for (let page = first; page < first + count; page++) this.#unlink(page);
    return first;
  }

  /** How many pages in a row `allocRun` would find; nobody looks beyond `most`. */
  longestRun(most: number): number {
    let longest = 0;
    for (let run = 0, page = 0; page < this.pages && longest < most; page++) {
      run = this.#refs[page] === 0 ? run + 1 : 0;
      if (run > longest) longest = run;
    }
    return longest;
  }

  /** The first of `count` free pages in a row, or −1. */
  #freeRun(count: number): number {
    for (let first = 0, run = 0, page = 0; page < this.pages; page++) {
      run = this.#refs[page] === 0 ? run + 1 : 0;
      if (run === 1) first = page;
      if (run === count) return first;
    }
    return NIL;
  }

  /**
   * Makes the caller's buffer a page, without copying. It stays referenced until the last reference goes. Asking for its
   * `buffer` makes V8 move an array of 64 octets or less off its heap, where it keeps its address.
   */
  adoptForeign(bytes: Uint8Array): number {
    void bytes.buffer;
    const page = this.#nextForeign;
    this.#nextForeign = page === 0x7fff_ffff ? FIRST_FOREIGN : page + 1;
    this.#foreign.set(page, { bytes, address: 0, refs: 1 });
    return page;
  }

  isForeign(page: number): boolean {
    return page >= FIRST_FOREIGN;
  }

  getPage(page: number): void {
    if (page < FIRST_FOREIGN) this.#refs[page]! += 1;
    else this.#foreign.get(page)!.refs += 1;
  }

  /** Drops one reference; the last one frees the page. */
  putPage(page: number): void {
    if (page >= FIRST_FOREIGN) {
      this.#putForeign(page);
      return;
    }
    const refs = this.#refs[page]!;
    if (refs <= 0) throw new Error(`page ${page} freed twice`);
    this.#refs[page] = refs - 1;
    if (refs > 1) return;
    this.#link(page);
    this.onFree?.();
  }

  /** References on a page; 0 when it is free. */
  pageCount(page: number): number {
    return page < FIRST_FOREIGN ? this.#refs[page]! : (this.#foreign.get(page)?.refs ?? 0);
  }

  /** Where a page of the pool begins in `memory.bytes`. */
  offsetOf(page: number): number {
    return this.memory.pages.offset + page * PAGE_SIZE;
  }

  /** Where a page begins in this process, for an iovec. */
  addressOf(page: number): number {
    if (page < FIRST_FOREIGN) return this.memory.address + this.offsetOf(page);
    const foreign = this.#foreign.get(page)!;
    foreign.address ||= addressOf(foreign.bytes);
    return foreign.address;
  }

  /** The octets of a foreign page. */
  foreignBytes(page: number): Uint8Array {
    return this.#foreign.get(page)!.bytes;
  }

  /** Copies octets `[offset, offset + len)` of a page (or of a run starting there) into `target` at `at`. */
  copyOut(page: number, offset: number, len: number, target: Uint8Array, at: number): void {
    const foreign = page >= FIRST_FOREIGN;
    const bytes = foreign ? this.foreignBytes(page) : this.memory.bytes;
    const start = foreign ? offset : this.offsetOf(page) + offset;
    target.set(bytes.subarray(start, start + len), at);
  }

  #putForeign(page: number): void {
    const foreign = this.#foreign.get(page);
    if (foreign === undefined) throw new Error(`foreign page ${page} freed twice`);
    foreign.refs -= 1;
    if (foreign.refs === 0) this.#foreign.delete(page);
  }

  #unlink(page: number): void {
    const next = this.#next[page]!;
    const prev = this.#prev[page]!;
    if (prev === NIL) this.#head = next;
    else this.#next[prev] = next;
    if (next !== NIL) this.#prev[next] = prev;
    this.#refs[page] = 1;
    this.#free -= 1;
  }

  #link(page: number): void {
    this.#next[page] = this.#head;
    this.#prev[page] = NIL;
    if (this.#head !== NIL) this.#prev[this.#head] = page;
    this.#head = page;
    this.#free += 1;
  }
}
