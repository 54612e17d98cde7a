import { argumentError } from '../errors.js';
import { addressOf } from '../host/libc.js';
import { createRepeatRow, type RepeatRow, TABLE_LEN } from './segment-kernel.js';
import { createSumKernel, type SumKernel } from './sum-kernel.js';
import { WASM_PAGE_SIZE, type WasmMemory, webAssembly } from './webassembly.js';

export const PAGE_SIZE = 4096;

/** What rings and accounts take whatever the UMEM's size: beginnings of pages, and the accounts of a batch. */
const RINGS_LEN = 8 * PAGE_SIZE;

/** A stretch of the memory: `[offset, offset + len)`, both multiples of PAGE_SIZE. */
export interface Region {
  readonly offset: number;
  readonly len: number;
}

export interface UserMemoryOptions {
  /** User pages of 4,096 octets; default 512 (2 MiB: the working set should stay inside L2). */
  readonly pages?: number;
  /** Octets for headers of fragments under way; default 128 KiB. */
  readonly arenaLen?: number;
  /** Octets set aside as AF_XDP UMEM, and as many sixteenths for its rings and accounts; default 0. */
  readonly umemLen?: number;
  /** Octets set aside for the slots of a packet socket's transmit ring, a power of two of pages; default 0. */
  readonly slotsLen?: number;
}

/**
 * The one piece of memory that everything sent lives in: user pages, the header arena, the columns of the one segment
 * table over it and, where asked for, an AF_XDP UMEM and the slots of a packet socket. It is a WebAssembly.Memory of fixed
 * size, so it never moves (its address may be kept in iovecs) and the SIMD kernels reach all of it. It belongs to one thread:
 * each of several senders has its own.
 *
 *     | pages … | header arena … | segment table | umem … | rings and accounts of the umem | slots |
 */
export class UserMemory {
  readonly wasm: WasmMemory;
  readonly bytes: Uint8Array;
  /** The same octets by native (little-endian) 32-bit words. */
  readonly words: Uint32Array;
  readonly view: DataView;
  readonly sums: SumKernel;
  /** Null without vector instructions. */
  readonly repeatRow: RepeatRow | null;
  readonly pages: Region;
  readonly arena: Region;
  readonly table: Region;
  readonly umem: Region;
  readonly rings: Region;
  readonly slots: Region;
  #address: number | undefined;

  constructor({ pages = 512, arenaLen = 131_072, umemLen = 0, slotsLen = 0 }: UserMemoryOptions = {}) {
    if (!Number.isInteger(pages) || pages < 1 || pages > 262_144) {
      throw argumentError('poolPages', pages, '1 … 262144 pages of 4096 octets');
    }
    this.pages = { offset: 0, len: pages * PAGE_SIZE };
    this.arena = { offset: this.pages.len, len: roundUp(arenaLen) };
    this.table = { offset: this.arena.offset + this.arena.len, len: roundUp(TABLE_LEN) };
    this.umem = { offset: this.table.offset + this.table.len, len: roundUp(umemLen) };
    const ringsLen = umemLen === 0 ? 0 : RINGS_LEN + umemLen / 16;
    this.rings = { offset: this.umem.offset + this.umem.len, len: roundUp(ringsLen) };
    this.slots = { offset: this.rings.offset + this.rings.len, len: roundUp(slotsLen) };
    const wasmPages = Math.ceil((this.slots.offset + this.slots.len) / WASM_PAGE_SIZE);
    this.wasm = new webAssembly.Memory({ initial: wasmPages, maximum: wasmPages });
    this.bytes = new Uint8Array(this.wasm.buffer);
    this.words = new Uint32Array(this.wasm.buffer);
    this.view = new DataView(this.wasm.buffer);
    this.sums = createSumKernel(this.wasm);
    this.repeatRow = createRepeatRow(this.wasm);
  }

  /** Where octet 0 lies in this process, for iovecs and UMEM. User addresses are below 2^47, exact in a double. */
  get address(): number {
    this.#address ??= addressOf(this.bytes);
    return this.#address;
  }
}

function roundUp(len: number): number {
  return Math.ceil(len / PAGE_SIZE) * PAGE_SIZE;
}
