import { UfoError, unsupportedError } from '../../errors.js';
import { SOL_XDP, XDP_MMAP_OFFSETS, XDP_RING_NEED_WAKEUP } from '../../host/constants.js';
import { libc } from '../../host/libc.js';
import { lastError } from '../../host/socket-calls.js';
import { PAGE_SIZE, type UserMemory } from '../../memory/user-memory.js';
import { mapOver, unmapFrom } from '../mapping.js';

/** Where the parts of a mapped ring lie, octets from the beginning of the mapping (`struct xdp_ring_offset`). */
export interface RingOffsets {
  readonly producer: number;
  readonly consumer: number;
  readonly descriptors: number;
  readonly flags: number;
}

/** Order of the rings in `struct xdp_mmap_offsets`. */
const RINGS = ['rx', 'tx', 'fill', 'completion'] as const;
const RING_OFFSETS_LEN = 32;

/** Asks the kernel for its layout of the four rings. Kernels before 5.4 have one without flags, which we don't support. */
export function ringOffsets(fd: number): Readonly<Record<(typeof RINGS)[number], RingOffsets>> {
  const answer = new DataView(new ArrayBuffer(RINGS.length * RING_OFFSETS_LEN));
  const answerLen = Uint32Array.of(answer.byteLength);
  const bytes = new Uint8Array(answer.buffer);
  if (libc().getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, bytes, answerLen) < 0) throw lastError('getsockopt');
  if (answerLen[0] !== answer.byteLength)
    throw unsupportedError('AF_XDP of this kernel is too old', 'Linux 5.4 or later');
  const at = (ring: number, field: number) => Number(answer.getBigUint64(ring * RING_OFFSETS_LEN + field * 8, true));
  const entries = RINGS.map((name, i) => {
    const offsets = { producer: at(i, 0), consumer: at(i, 1), descriptors: at(i, 2), flags: at(i, 3) };
    return [name, offsets] as const;
  });
  return Object.fromEntries(entries) as Record<(typeof RINGS)[number], RingOffsets>;
}

/** Hands out stretches of the memory's place for rings, each beginning a page. */
export class RingSpace {
  readonly memory: UserMemory;
  #next: number;

  constructor(memory: UserMemory) {
    this.memory = memory;
    this.#next = memory.rings.offset;
  }

  /** The offset of `len` octets. */
  take(len: number): number {
    const at = this.#next;
    this.#next = Math.ceil((at + len) / PAGE_SIZE) * PAGE_SIZE;
    const { offset, len: all } = this.memory.rings;
    if (this.#next > offset + all) throw new UfoError('ERR_UFO_BUG', `no room for ${len} octets of rings and accounts`);
    return at;
  }
}

/**
 * One ring of an AF_XDP socket, mapped over a stretch of the memory, where our kernels in wasm reach it. Indices count up
 * without end and wrap at 2^32; the slot is the index modulo the size, a power of two. Each side writes its own index only,
 * after the slots and with release order (`Atomics.store`), and reads the other's with acquire order.
 */
export class XdpRing {
  /** Where the slots begin in the memory. */
  readonly descriptors: number;
  readonly #memory: UserMemory;
  readonly #at: number;
  readonly #len: number;
  readonly #producer: number;
  readonly #consumer: number;
  readonly #flags: number;

  constructor(space: RingSpace, fd: number, pageOffset: number, offsets: RingOffsets, slotsLen: number) {
    const { memory } = space;
    this.#memory = memory;
    this.#len = offsets.descriptors + slotsLen;
    this.#at = space.take(this.#len);
    mapOver(memory, { offset: this.#at, len: this.#len }, fd, pageOffset);
    this.descriptors = this.#at + offsets.descriptors;
    this.#producer = (this.#at + offsets.producer) >>> 2;
    this.#consumer = (this.#at + offsets.consumer) >>> 2;
    this.#flags = (this.#at + offsets.flags) >>> 2;
  }

  get producer(): number {
    return Atomics.load(this.#memory.words, this.#producer);
  }

  set producer(index: number) {
    Atomics.store(this.#memory.words, this.#producer, index);
  }

  get consumer(): number {
    return Atomics.load(this.#memory.words, this.#consumer);
  }

  set consumer(index: number) {
    Atomics.store(this.#memory.words, this.#consumer, index);
  }

  /** Slots that the producer has shown and the consumer has not taken. */
  get waiting(): number {
    return (this.producer - this.consumer) >>> 0;
  }

  /** Whether the kernel looks at this ring only when it is woken. */
  get needsWakeup(): boolean {
    return (Atomics.load(this.#memory.words, this.#flags) & XDP_RING_NEED_WAKEUP) !== 0;
  }

  unmap(): void {
    unmapFrom(this.#memory, { offset: this.#at, len: this.#len });
  }
}
