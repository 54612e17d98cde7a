import { unsupportedError } from '../../errors.js';
import {
  MAP_POPULATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
  SOL_XDP,
  XDP_MMAP_OFFSETS,
  XDP_RING_NEED_WAKEUP,
} from '../../host/constants.js';
import { libc, mapFailed, viewOf } from '../../host/libc.js';
import { lastError } from '../../host/socket-calls.js';

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

/**
 * One ring of an AF_XDP socket, mapped. Indices count up without end and wrap at 2^32; the slot is the index modulo the
 * size, a power of two. Each side writes its own index only, after the slots and with release order (`Atomics.store`), and
 * reads the other's with acquire order.
 */
export abstract class XdpRing {
  readonly size: number;
  protected readonly words: Uint32Array;
  protected readonly producer: number;
  protected readonly consumer: number;
  protected readonly descriptors: number;
  protected readonly mask: number;
  readonly #flags: number;
  readonly #address: number;
  readonly #len: number;

  constructor(fd: number, pageOffset: number, offsets: RingOffsets, size: number, descriptorLen: number) {
    this.#len = offsets.descriptors + size * descriptorLen;
    const protection = PROT_READ | PROT_WRITE;
    const address = libc().mmap(null, this.#len, protection, MAP_SHARED | MAP_POPULATE, fd, pageOffset);
    if (mapFailed(address)) throw lastError('mmap');
    this.#address = address;
    this.words = new Uint32Array(viewOf(address, this.#len & ~3));
    this.size = size;
    this.mask = size - 1;
    this.producer = offsets.producer >>> 2;
    this.consumer = offsets.consumer >>> 2;
    this.descriptors = offsets.descriptors >>> 2;
    this.#flags = offsets.flags >>> 2;
  }

  /** Whether the kernel looks at this ring only when it is woken. */
  get needsWakeup(): boolean {
    return (Atomics.load(this.words, this.#flags) & XDP_RING_NEED_WAKEUP) !== 0;
  }

  /** The ring must not be touched afterwards. */
  unmap(): void {
    libc().munmap(this.#address, this.#len);
  }
}

/** `struct xdp_desc`: address in the UMEM (64 bits), length, options. */
const TX_DESCRIPTOR_LEN = 16;

/** Frames for the kernel to send; ours is the producer's side. */
export class TxRing extends XdpRing {
  #next: number;

  constructor(fd: number, pageOffset: number, offsets: RingOffsets, size: number) {
    super(fd, pageOffset, offsets, size, TX_DESCRIPTOR_LEN);
    this.#next = Atomics.load(this.words, this.producer);
  }

  /** Frames published that the kernel has not read. */
  get waiting(): number {
    return (Atomics.load(this.words, this.producer) - Atomics.load(this.words, this.consumer)) >>> 0;
  }

  /** Puts a frame in; the caller knows that there is a slot (no more frames under way than the ring has). */
  push(address: number, len: number): void {
    const { words } = this;
    const slot = this.descriptors + (this.#next & this.mask) * (TX_DESCRIPTOR_LEN / 4);
    words[slot] = address;
    words[slot + 1] = 0; // a UMEM is smaller than 4 GiB
    words[slot + 2] = len;
    words[slot + 3] = 0;
    this.#next = (this.#next + 1) >>> 0;
  }

  /** Shows everything put in so far to the kernel. */
  publish(): void {
    Atomics.store(this.words, this.producer, this.#next);
  }
}

/** Addresses of frames that the kernel is done with; ours is the consumer's side. */
export class CompletionRing extends XdpRing {
  #next: number;

  constructor(fd: number, pageOffset: number, offsets: RingOffsets, size: number) {
    super(fd, pageOffset, offsets, size, 8);
    this.#next = Atomics.load(this.words, this.consumer);
  }

  /** How many addresses wait to be taken. */
  get ready(): number {
    return (Atomics.load(this.words, this.producer) - this.#next) >>> 0;
  }

  /** Takes one of the `ready` addresses. */
  shift(): number {
    const address = this.words[this.descriptors + (this.#next & this.mask) * 2]!;
    this.#next = (this.#next + 1) >>> 0;
    return address;
  }

  /** Gives the slots taken back to the kernel. */
  release(): void {
    Atomics.store(this.words, this.consumer, this.#next);
  }
}
