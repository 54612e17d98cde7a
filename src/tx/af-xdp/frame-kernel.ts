import { FIRST_FOREIGN } from '../../memory/page-pool.js';
import { COLUMNS } from '../../memory/segment-kernel.js';
import { PAGE_SIZE } from '../../memory/user-memory.js';
import { compileKernel, instantiate, type WasmMemory } from '../../memory/webassembly.js';
import { FRAME_KERNEL_BYTES } from './frame-kernel-bytes.generated.js';

/**
 * Where the accounts of a UMEM have their numbers, in 32-bit words from their beginning; frame-kernel.wat has the same,
 * in octets. Offsets are octets from the beginning of the memory.
 */
export const ACCOUNTS = {
  /** Offset of the UMEM. */
  umem: 0,
  /** A chunk has `1 << chunkShift` octets. */
  chunkShift: 1,
  /** Offset of the stack of free chunks, and how many are on it. */
  free: 2,
  freeCount: 3,
  /** Offset of the transmit ring's descriptors, slots of both rings less one, and where the next descriptor goes. */
  transmit: 4,
  mask: 5,
  producer: 6,
  /** Octets of the longest frame that may be sent. */
  longest: 7,
  /** Offset of a hold's number by owner of rows, by chunk (−1: not under way), and of the chunks under way by hold. */
  slotOfOwner: 8,
  slotOfChunk: 9,
  left: 10,
  /** Offset of the completion ring's addresses, and where the next one is. */
  completion: 11,
  consumer: 12,
  /** Offset of the list of holds that `reap` found empty. */
  done: 13,
  /** Chunks of the UMEM. */
  chunks: 14,
} as const;

/** Words of the accounts themselves. */
export const ACCOUNTS_WORDS = 16;

/** `struct xdp_desc` in words: address in the UMEM (64 bits), length, options. */
export const DESCRIPTOR_WORDS = 4;
/** The frame goes on in the next descriptor. */
export const XDP_PKT_CONTD = 1;

/** What frame-kernel.wat exports. */
export interface FrameKernel {
  /**
   * Copies rows `[first, end)` of the table at `table` into chunks, and describes them behind `producer`. Returns the row
   * it stopped at: too long, without chunks left, or with a piece in a foreign page.
   */
  fill(accounts: number, table: number, first: number, end: number): number;
  /** Frees the chunks that the next `ready` completions name; returns how many holds have none left (`done`). */
  reap(accounts: number, ready: number): number;
}

/** Compiled once per thread; null where this processor has no vector instructions that V8 can use. */
let compiled: object | null | undefined;

/** The SIMD kernel of frame-kernel.wat over a memory; where SIMD is not there, its plain twin. */
export function createFrameKernel(memory: WasmMemory): FrameKernel {
  compiled ??= compileKernel(FRAME_KERNEL_BYTES);
  if (compiled === null) return createPlainFrameKernel(memory);
  return instantiate(compiled, memory) as unknown as FrameKernel;
}

/** The plain twin: what the tests hold the SIMD kernel against. */
export function createPlainFrameKernel(memory: WasmMemory): FrameKernel {
  const twin = new PlainFrameKernel(memory);
  return {
    fill: (accounts, table, first, end) => twin.fill(accounts >>> 2, table >>> 2, first, end),
    reap: (accounts, ready) => twin.reap(accounts >>> 2, ready),
  };
}

class PlainFrameKernel {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor({ buffer }: WasmMemory) {
    this.#words = new Int32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
  }

  /** Offsets in words. */
  fill(accounts: number, table: number, first: number, end: number): number {
    const words = this.#words;
    const column = (name: keyof typeof COLUMNS, index: number): number => words[table + (COLUMNS[name] >>> 2) + index]!;
    const chunkLen = 1 << words[accounts + ACCOUNTS.chunkShift]!;
    for (let row = first; row < end; row++) {
      const frameLen = column('frameLen', row);
      const chunks = Math.ceil(frameLen / chunkLen);
      if (frameLen > words[accounts + ACCOUNTS.longest]! || chunks > words[accounts + ACCOUNTS.freeCount]!) return row;
      const sources = [{ from: column('headOffset', row), len: column('headLen', row) }];
      for (let piece = column('firstPiece', row); piece < column('firstPiece', row + 1); piece++) {
        const page = column('piecePage', piece);
        if (page >= FIRST_FOREIGN) return row;
        sources.push({ from: page * PAGE_SIZE + column('pieceOffset', piece), len: column('pieceLen', piece) });
      }
      const frame = Buffer.concat(sources.map(({ from, len }) => this.#bytes.subarray(from, from + len)));
      for (let at = 0; at < frameLen; at += chunkLen) {
        this.#pushChunk(accounts, column('owner', row), frame.subarray(at, at + chunkLen), at + chunkLen < frameLen);
      }
    }
    return end;
  }

  reap(accounts: number, ready: number): number {
    const words = this.#words;
    const shift = words[accounts + ACCOUNTS.chunkShift]!;
    let done = 0;
    for (let i = 0; i < ready; i++) {
      const slot = words[accounts + ACCOUNTS.consumer]!++ & words[accounts + ACCOUNTS.mask]!;
      const chunk = words[this.#at(accounts, 'completion', slot * 2)]! >>> shift;
      if (chunk >= words[accounts + ACCOUNTS.chunks]!) continue;
      const hold = words[this.#at(accounts, 'slotOfChunk', chunk)]!;
      if (hold < 0) continue;
      words[this.#at(accounts, 'slotOfChunk', chunk)] = -1;
      words[this.#at(accounts, 'free', words[accounts + ACCOUNTS.freeCount]!++)] = chunk;
      words[this.#at(accounts, 'left', hold)]! -= 1;
      if (words[this.#at(accounts, 'left', hold)] === 0) words[this.#at(accounts, 'done', done++)] = hold;
    }
    return done;
  }

  #pushChunk(accounts: number, owner: number, octets: Uint8Array, more: boolean): void {
    const words = this.#words;
    const free = --words[accounts + ACCOUNTS.freeCount]!;
    const chunk = words[this.#at(accounts, 'free', free)]!;
    const hold = words[this.#at(accounts, 'slotOfOwner', owner)]!;
    words[this.#at(accounts, 'slotOfChunk', chunk)] = hold;
    words[this.#at(accounts, 'left', hold)]! += 1;
    const address = chunk << words[accounts + ACCOUNTS.chunkShift]!;
    this.#bytes.set(octets, words[accounts + ACCOUNTS.umem]! + address);
    const slot = words[accounts + ACCOUNTS.producer]!++ & words[accounts + ACCOUNTS.mask]!;
    words.set(
      [address, 0, octets.length, more ? XDP_PKT_CONTD : 0],
      this.#at(accounts, 'transmit', slot * DESCRIPTOR_WORDS),
    );
  }

  /** The word `index` of a list whose offset is in the accounts. */
  #at(accounts: number, list: keyof typeof ACCOUNTS, index: number): number {
    return (this.#words[accounts + ACCOUNTS[list]]! >>> 2) + index;
  }
}
