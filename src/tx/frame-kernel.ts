import { compileKernel, instantiate, type WasmMemory } from '../memory/webassembly.js';
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
  holdOfOwner: 8,
  holdOfChunk: 9,
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

/** What frame-kernel.wat exports. */
export interface FrameKernel {
  /**
   * Copies rows `[first, end)` of the table at `table` into chunks, and describes them behind `producer`. Returns the row
   * it stopped at: too long, without chunks left, or with a piece in a foreign page.
   */
  fill(accounts: number, table: number, first: number, end: number): number;
  /** Frees the chunks that the next `ready` completions name; returns how many holds have none left (`done`). */
  reap(accounts: number, ready: number): number;
  /**
   * Copies rows `[first, end)` of the table at `table` into the slots of a packet socket's ring that lie at `slots`, from
   * number `slot` (modulo `mask + 1`) on. Returns the row it stopped at: longer than `longest`, without a free slot, or with
   * a piece in a foreign page.
   */
  fillSlots(
    slots: number,
    mask: number,
    slot: number,
    table: number,
    first: number,
    end: number,
    longest: number,
  ): number;
}

/** Compiled once per thread; null where this processor has no vector instructions that V8 can use. */
let compiled: object | null | undefined;

/** The kernel over a memory, or null: frames are then made row by row. */
export function createFrameKernel(memory: WasmMemory): FrameKernel | null {
  if (compiled === undefined) compiled = compileKernel(FRAME_KERNEL_BYTES);
  return compiled === null ? null : (instantiate(compiled, memory) as unknown as FrameKernel);
}
