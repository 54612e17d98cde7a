/** A buffer that a datagram is put together in. */
export interface ReassemblyBuffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Most datagrams under reassembly are either whole soon and large, or never: first fragments that stay alone. */
const SIZES = [2_048, 16_384, 65_536] as const;
/** Free buffers kept of each size; a small working set stays in the processor's cache. */
const KEPT = 32;

/** Buffers of three sizes, taken and given back; the one given back last is taken first, since it is in the cache. */
export class BufferPool {
  readonly #free: ReassemblyBuffer[][] = SIZES.map(() => []);
  /** Octets of buffers that are taken. */
  used = 0;

  /** A buffer of at least `len` octets, at most 65,536. Its contents are whatever was there before. */
  take(len: number): ReassemblyBuffer {
    let size = 0;
    while (SIZES[size]! < len) size++;
    this.used += SIZES[size]!;
    const free = this.#free[size]!.pop();
    if (free) return free;
    const bytes = Buffer.allocUnsafeSlow(SIZES[size]!);
    return { bytes, view: new DataView(bytes.buffer) };
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
    if (free.length < KEPT) free.push(buffer);
  }
}
