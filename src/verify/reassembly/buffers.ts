import { summaryKernel, type Tenancy } from '../../memory/summary-kernel.js';
import type { Octets } from './octets.js';

/** A buffer that a datagram is put together in. */
export type ReassemblyBuffer = Octets;

/** Most datagrams under reassembly are either whole soon and large, or never: first fragments that stay alone. */
const SIZES = [2_048, 16_384, 65_536] as const;
const LARGEST = SIZES.length - 1;
/** Free buffers kept of each size; a small working set stays in the processor's cache. */
const KEPT = 32;

/**
 * Buffers of three sizes, taken and given back; the one given back last is taken first, since it is in the cache. The first
 * few of the largest lie in the SIMD kernel's memory, if no other pool has them.
 */
export class BufferPool {
  readonly #free: ReassemblyBuffer[][] = SIZES.map(() => []);
  /** Octets of buffers that are taken. */
  used = 0;

  /** What this pool has of the SIMD kernel's memory for itself; undefined where there is none, or another has it. */
  readonly tenancy: Tenancy | undefined;

  constructor() {
    const kernel = summaryKernel();
    this.tenancy = kernel?.rent(this);
    if (!kernel || !this.tenancy) return;
    this.#free[LARGEST]!.push(...buffersOf(kernel.bytes, this.tenancy));
  }

  /** A buffer of at least `len` octets, at most 65,536. Its contents are whatever was there before. */
  take(len: number): ReassemblyBuffer {
    let size = 0;
    while (SIZES[size]! < len) size++;
    this.used += SIZES[size]!;
    const free = this.#free[size]!.pop();
    if (free) return free;
    const bytes = Buffer.allocUnsafeSlow(SIZES[size]!);
    return { bytes, view: viewOf(bytes), at: -1 };
  }

  /** The octets of `buffer` in one of at least `len` octets; `buffer` is given back. */
  grow(buffer: ReassemblyBuffer, len: number): ReassemblyBuffer {
    const larger = this.take(len);
    larger.bytes.set(buffer.bytes);
    this.give(buffer);
    return larger;
  }

  give(buffer: ReassemblyBuffer): void {
    const free = this.#free[SIZES.indexOf(buffer.bytes.length as (typeof SIZES)[number])]!;
    this.used -= buffer.bytes.length;
    if (buffer.at >= 0 || free.length < KEPT) free.push(buffer);
  }

  /** Lets others have the SIMD kernel's buffers; all must have been given back, and none may be taken any more. */
  close(): void {
    for (const free of this.#free) free.length = 0;
    summaryKernel()?.leave(this);
  }
}

/** Those of each tenancy, whoever has it: made once, since many pools are short-lived. */
const lent = new WeakMap<Tenancy, readonly ReassemblyBuffer[]>();

function buffersOf(memory: Uint8Array, tenancy: Tenancy): readonly ReassemblyBuffer[] {
  const known = lent.get(tenancy);
  if (known !== undefined) return known;
  const buffers = tenancy.buffers.toReversed().map((at) => {
    const bytes = memory.subarray(at, at + SIZES[LARGEST]!);
    return { bytes, view: viewOf(bytes), at };
  });
  lent.set(tenancy, buffers);
  return buffers;
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}
