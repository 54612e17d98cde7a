import { createSumKernel } from './sum-kernel.js';
import { SUMMARY_KERNEL_BYTES } from './summary-kernel-bytes.generated.js';
import { WASM_PAGE_SIZE, type WasmMemory, webAssembly } from './webassembly.js';

/** Buffers of 64 KiB in the kernel's memory: as many as the processor's second-level cache holds with ease. */
const BUFFERS = 24;
const KEYS_LEN = 128;
const OUT = KEYS_LEN;
const COMMON_KEYS = 2 * KEYS_LEN;
const SCRATCH = WASM_PAGE_SIZE;
const BUFFERS_AT = 2 * WASM_PAGE_SIZE;
/** Two stretches to read files into, 512 KiB each, and in front of each room for what the one before left over. */
const CHUNK_LEN = 8 * WASM_PAGE_SIZE;
const ROOM_LEN = 3 * WASM_PAGE_SIZE;
const CHUNKS_AT = BUFFERS_AT + BUFFERS * WASM_PAGE_SIZE;
/** The same for what was read elsewhere. */
const STAGE_AT = CHUNKS_AT + 2 * (ROOM_LEN + CHUNK_LEN);
const DESK_AT = STAGE_AT + ROOM_LEN + CHUNK_LEN;
const DESK_LEN = 11 * WASM_PAGE_SIZE;
const PAGES = (DESK_AT + DESK_LEN) / WASM_PAGE_SIZE;

type Summarize = (at: number, len: number, keys: number, out: number) => number;
type CopySummarize = (to: number, at: number, len: number, keys: number, out: number) => number;

/** What one tenant of the kernel's memory has for himself. */
export interface Tenancy {
  /** Offsets of buffers of 64 KiB. */
  readonly buffers: readonly number[];
  /** Memory to read files into: octets that already lie here are copied faster, or not at all. */
  readonly chunks: readonly Uint8Array[];
  /** Octets in front of each chunk that nobody else uses. */
  readonly roomLen: number;
  /** Memory for what was read elsewhere. */
  readonly stage: Uint8Array;
  /** Offset of 704 KiB for a kernel's own tables. */
  readonly desk: number;
}

/**
 * Sum and digest of octets by vector instructions, in a memory of its own:
 *
 *     | keys, digest, common keys | scratch, 64 KiB | buffers, 64 KiB each | two chunks, 512 KiB each | stage | desk |
 */
export class SummaryKernel {
  readonly bytes: Uint8Array;
  /** Where octets that lie elsewhere are copied to; whoever does so is done with it before he returns. */
  readonly scratch: number = SCRATCH;
  readonly #memory: WasmMemory;
  readonly #words: Int32Array;
  readonly #run: Summarize;
  readonly #copyRun: CopySummarize;
  /** Who has buffers and chunks. */
  #tenant: WeakRef<object> | undefined;
  /** Made once: many verifiers are short-lived. */
  readonly #tenancy: Tenancy;

  constructor() {
    const memory = new webAssembly.Memory({ initial: PAGES, maximum: PAGES });
    const module = new webAssembly.Module(SUMMARY_KERNEL_BYTES);
    const { exports } = new webAssembly.Instance(module, { env: { memory } });
    this.#run = exports['summarize'] as Summarize;
    this.#copyRun = exports['copySummarize'] as CopySummarize;
    this.#memory = memory;
    this.bytes = new Uint8Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    const keys = new Uint16Array(memory.buffer, 0, KEYS_LEN / 2);
    crypto.getRandomValues(keys);
    for (let i = 0; i < keys.length; i++) keys[i]! |= 1;
    fillCommonKeys(new Uint16Array(memory.buffer, COMMON_KEYS, KEYS_LEN / 2));
    this.#tenancy = tenancyOf(this.bytes);
  }

  /** The folded sum of `len` octets at `at`, as `sumOctets` gives it; `low` and `high` then are the digest. */
  summarize(at: number, len: number): number {
    return this.#run(at, len, 0, OUT);
  }

  /** Copies `len` octets from `at` to `to`, then as `summarize`. */
  copySummarize(to: number, at: number, len: number): number {
    return this.#copyRun(to, at, len, 0, OUT);
  }

  /** As `summarize`, but the digest is the same in every process: it tells chance from intent no more. */
  digest(at: number, len: number): void {
    this.#run(at, len, COMMON_KEYS, OUT);
  }

  get low(): number {
    return this.#words[OUT / 4]!;
  }

  get high(): number {
    return this.#words[OUT / 4 + 1]!;
  }

  /** Lets all buffers and chunks to `tenant`; undefined while somebody else has them who was not collected. */
  rent(tenant: object): Tenancy | undefined {
    if (this.#tenant?.deref() !== undefined) return undefined;
    this.#tenant = new WeakRef(tenant);
    return this.#tenancy;
  }

  /** What another kernel exports that works in this memory, and may call `summarize` and `sum`. */
  link(module: object): Readonly<Record<string, unknown>> {
    const { sum } = createSumKernel(this.#memory);
    return new webAssembly.Instance(module, { env: { memory: this.#memory, summarize: this.#run, sum } }).exports;
  }

  /** `tenant` uses nothing of it any more. */
  leave(tenant: object): void {
    if (this.#tenant?.deref() === tenant) this.#tenant = undefined;
  }
}

function tenancyOf(bytes: Uint8Array): Tenancy {
  const chunkAt = (i: number): number => CHUNKS_AT + i * (ROOM_LEN + CHUNK_LEN) + ROOM_LEN;
  return {
    buffers: Array.from({ length: BUFFERS }, (_, i) => BUFFERS_AT + i * WASM_PAGE_SIZE),
    chunks: [0, 1].map((i) => bytes.subarray(chunkAt(i), chunkAt(i) + CHUNK_LEN)),
    roomLen: ROOM_LEN,
    stage: bytes.subarray(STAGE_AT, DESK_AT),
    desk: DESK_AT,
  };
}

/** Odd words of a Weyl sequence: any spread ones will do. */
function fillCommonKeys(keys: Uint16Array): void {
  for (let i = 0; i < keys.length; i++) keys[i] = (Math.imul(i + 1, 0x9e37_79b1) >>> 16) | 1;
}

let kernel: SummaryKernel | null | undefined;

/** The kernel of this thread; null where the processor has no vector instructions that V8 can use. */
export function summaryKernel(): SummaryKernel | null {
  if (kernel === undefined) {
    try {
      kernel = new SummaryKernel();
    } catch {
      kernel = null;
    }
  }
  return kernel;
}
