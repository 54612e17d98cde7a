import { gatherRow } from '../../memory/gather-row.js';
import { ROWS } from '../../memory/segment-kernel.js';
import type { UserMemory } from '../../memory/user-memory.js';
import { consumeSkb, kfreeSkb } from '../../skb/release.js';
import { type SkBuff, skbGet } from '../../skb/skbuff.js';
import { ACCOUNTS, ACCOUNTS_WORDS, createFrameKernel, type FrameKernel } from '../frame-kernel.js';
import { rowLen, rowSkb, type TxBatch } from '../net-device.js';

/** `struct xdp_desc` in words: address in the UMEM (64 bits), length, options. */
const DESCRIPTOR_WORDS = 4;
/** The frame goes on in the next descriptor. */
const XDP_PKT_CONTD = 1;
/** No IP packet is longer, with room for a link header. */
const LONGEST_FRAME = 65_536 + 64;

/** Where the frames of a UMEM are kept and described; offsets in the memory. */
export interface FramesLayout {
  readonly chunkLen: number;
  /** Slots of each ring, a power of two and no less than chunks. */
  readonly slots: number;
  /** Descriptors of the transmit ring, and addresses of the completion ring. */
  readonly transmit: number;
  readonly completion: number;
  /** `accountsLen` octets of the memory for the accounts. */
  readonly accounts: number;
}

/** Octets that the accounts of a UMEM take. */
export function accountsLen(chunks: number): number {
  return 4 * (ACCOUNTS_WORDS + ROWS + 4 * chunks);
}

/**
 * Frames in the chunks of a UMEM. A frame is copied into as many chunks as it needs, header and pieces one behind the
 * other; its skb is held until the last of its chunks comes back. The chunk given back last is taken first, so that the
 * working set is as small as the number of frames under way.
 *
 * An skb has one hold for all its rows of a call, and the hold counts the chunks: nothing is done per fragment but in wasm.
 */
export class UmemFrames {
  readonly #memory: UserMemory;
  readonly #layout: FramesLayout;
  readonly #chunks: number;
  readonly #kernel: FrameKernel | null;
  /** The accounts, from their beginning. */
  readonly #words: Int32Array;
  readonly #holdOfOwner: Int32Array;
  readonly #holdOfChunk: Int32Array;
  readonly #left: Int32Array;
  readonly #free: Int32Array;
  readonly #done: Int32Array;
  /** By hold: the skb. */
  readonly #held: (SkBuff | null)[];
  readonly #freeHolds: Int32Array;
  #freeHoldCount: number;
  /** Holds of the call that fills, and by owner whether it has one there. */
  readonly #taken: Int32Array;
  readonly #callOfOwner: Int32Array = new Int32Array(ROWS);
  #call = 0;
  /** A frame with pieces in foreign pages is put together here. */
  #whole: Uint8Array | null = null;

  constructor(memory: UserMemory, layout: FramesLayout, kernel: FrameKernel | null = createFrameKernel(memory.wasm)) {
    const { chunkLen, slots, accounts } = layout;
    const chunks = memory.umem.len / chunkLen;
    this.#memory = memory;
    this.#layout = layout;
    this.#chunks = chunks;
    this.#kernel = kernel;
    let next = accounts;
    const list = (length: number): Int32Array => {
      const words = new Int32Array(memory.wasm.buffer, next, length);
      next += length * 4;
      return words;
    };
    this.#words = list(ACCOUNTS_WORDS);
    this.#holdOfOwner = list(ROWS);
    this.#holdOfChunk = list(chunks).fill(-1);
    this.#left = list(chunks).fill(0);
    this.#free = list(chunks);
    this.#done = list(chunks);
    for (let chunk = 0; chunk < chunks; chunk++) this.#free[chunk] = chunks - 1 - chunk;
    this.#held = new Array<SkBuff | null>(chunks).fill(null);
    this.#freeHolds = Int32Array.from({ length: chunks }, (_, hold) => hold);
    this.#freeHoldCount = chunks;
    this.#taken = new Int32Array(chunks);
    const words = this.#words;
    words[ACCOUNTS.umem] = memory.umem.offset;
    words[ACCOUNTS.chunkShift] = 31 - Math.clz32(chunkLen);
    words[ACCOUNTS.free] = this.#free.byteOffset;
    words[ACCOUNTS.freeCount] = chunks;
    words[ACCOUNTS.transmit] = layout.transmit;
    words[ACCOUNTS.mask] = slots - 1;
    words[ACCOUNTS.producer] = 0;
    words[ACCOUNTS.holdOfOwner] = this.#holdOfOwner.byteOffset;
    words[ACCOUNTS.holdOfChunk] = this.#holdOfChunk.byteOffset;
    words[ACCOUNTS.left] = this.#left.byteOffset;
    words[ACCOUNTS.completion] = layout.completion;
    words[ACCOUNTS.consumer] = 0;
    words[ACCOUNTS.done] = this.#done.byteOffset;
    words[ACCOUNTS.chunks] = chunks;
  }

  get free(): number {
    return this.#words[ACCOUNTS.freeCount]!;
  }

  /** Whether chunks for a frame of so many octets are free. */
  takes(frameLen: number): boolean {
    return Math.ceil(frameLen / this.#layout.chunkLen) <= this.free;
  }

  get underWay(): number {
    return this.#chunks - this.free;
  }

  /** Where the next descriptor goes: what to show the kernel. */
  get producer(): number {
    return this.#words[ACCOUNTS.producer]! >>> 0;
  }

  /** How many completions have been taken: what to give back to the kernel. */
  get consumer(): number {
    return this.#words[ACCOUNTS.consumer]! >>> 0;
  }

  /** Copies and describes rows `[first, end)` up to one that is longer than `longest` or has no chunks; the row behind the last. */
  fill(batch: TxBatch, first: number, end: number, longest: number): number {
    const accounts = this.#words.byteOffset;
    this.#words[ACCOUNTS.longest] = longest;
    const last = Math.min(end, first + this.free);
    const taken = this.#hold(batch, first, last);
    let row = first;
    while (row < last) {
      if (this.#kernel !== null) row = this.#kernel.fill(accounts, this.#memory.table.offset, row, last);
      if (row === last || rowLen(batch, row) > longest || !this.takes(rowLen(batch, row))) break;
      this.#fillPlain(batch, row++);
    }
    for (let i = 0; i < taken; i++) {
      const hold = this.#taken[i]!;
      if (this.#left[hold] === 0) this.#release(hold);
    }
    return row;
  }

  /** Frees the chunks that the next `ready` completions name. */
  reap(ready: number): void {
    const done = this.#kernel?.reap(this.#words.byteOffset, ready) ?? this.#reapPlain(ready);
    for (let i = 0; i < done; i++) this.#release(this.#done[i]!);
  }

  /** Nothing will come back any more: what is still under way counts as not sent. */
  dropAll(): void {
    this.#held.forEach((skb, hold) => {
      if (skb !== null) kfreeSkb(skb);
      this.#held[hold] = null;
    });
  }

  /** Takes a hold on every datagram of the rows; how many. */
  #hold(batch: TxBatch, first: number, end: number): number {
    const { owner } = batch.table;
    const call = ++this.#call;
    let taken = 0;
    for (let row = first; row < end; row++) {
      const of = owner[row]!;
      if (this.#callOfOwner[of] === call) continue;
      this.#callOfOwner[of] = call;
      this.#freeHoldCount -= 1;
      const hold = this.#freeHolds[this.#freeHoldCount]!;
      this.#held[hold] = skbGet(rowSkb(batch, row));
      this.#holdOfOwner[of] = hold;
      this.#taken[taken++] = hold;
    }
    return taken;
  }

  #release(hold: number): void {
    const skb = this.#held[hold]!;
    this.#held[hold] = null;
    this.#freeHolds[this.#freeHoldCount] = hold;
    this.#freeHoldCount += 1;
    consumeSkb(skb);
  }

  /** A row that no kernel of ours can copy: pieces in foreign pages, or a processor without vector instructions. */
  #fillPlain(batch: TxBatch, row: number): void {
    const { chunkLen } = this.#layout;
    this.#whole ??= new Uint8Array(LONGEST_FRAME);
    const len = gatherRow(batch.table, batch.pool, row, this.#whole, 0);
    const hold = this.#holdOfOwner[batch.table.owner[row]!]!;
    for (let at = 0; at < len; at += chunkLen) {
      const end = Math.min(len, at + chunkLen);
      this.#pushChunk(hold, this.#whole.subarray(at, end), end < len);
    }
  }

  #pushChunk(hold: number, octets: Uint8Array, more: boolean): void {
    const words = this.#words;
    const chunk = this.#free[--words[ACCOUNTS.freeCount]!]!;
    this.#holdOfChunk[chunk] = hold;
    this.#left[hold]! += 1;
    const address = chunk * this.#layout.chunkLen;
    this.#memory.bytes.set(octets, this.#memory.umem.offset + address);
    const slot = words[ACCOUNTS.producer]!++ & words[ACCOUNTS.mask]!;
    const at = (this.#layout.transmit >>> 2) + slot * DESCRIPTOR_WORDS;
    this.#memory.words[at] = address;
    this.#memory.words[at + 1] = 0; // a UMEM is smaller than 4 GiB
    this.#memory.words[at + 2] = octets.length;
    this.#memory.words[at + 3] = more ? XDP_PKT_CONTD : 0;
  }

  /** An address that is not under way is passed over: a ring in memory that others can write to is not to be trusted. */
  #reapPlain(ready: number): number {
    const words = this.#words;
    let done = 0;
    for (let i = 0; i < ready; i++) {
      const slot = words[ACCOUNTS.consumer]!++ & words[ACCOUNTS.mask]!;
      const chunk = this.#memory.words[(this.#layout.completion >>> 2) + slot * 2]! >>> words[ACCOUNTS.chunkShift]!;
      const hold = this.#holdOfChunk[chunk] ?? -1;
      if (hold < 0) continue;
      this.#holdOfChunk[chunk] = -1;
      this.#free[words[ACCOUNTS.freeCount]!++] = chunk;
      this.#left[hold]! -= 1;
      if (this.#left[hold] === 0) this.#done[done++] = hold;
    }
    return done;
  }
}
