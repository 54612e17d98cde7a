import { argumentError } from '../errors.js';
import { fillPayload, TIMED_HEADER_LEN } from './generated.js';
import { largestOf, type PayloadSizes, type SizeRange, sizeOf } from './sizes.js';
import { setTime, TIMED_LEAST_LEN } from './time.js';

const LARGEST = 65_536;

export interface GeneratedOptions {
  /** Octets of every payload, 0 … 65,536; or ranges of sizes that the payloads take in turn. */
  readonly size: PayloadSizes;
  /** 0 … 2^32 − 1; default 1. */
  readonly seed?: number | undefined;
  /** Sequence of the first one; default 0. */
  readonly first?: number | undefined;
  /** From one sequence to the next: several senders that share them out each take every so many; default 1. */
  readonly step?: number | undefined;
  /** How many at most; default no end. */
  readonly count?: number | undefined;
  /** Milliseconds since the epoch: each payload of 32 octets or more says when it was sent. */
  readonly clock?: (() => number) | undefined;
  /** Told of each when it leaves: when its turn has come, not when it is made. */
  readonly onLeave?: ((sequence: number) => void) | undefined;
}

/**
 * Generated payloads, one after the other, until `count` or `stop`. A socket's `sendMany` knows them and makes none of them:
 * the seed's table lies in its pages. Iterated, they come one by one in a buffer that is used again for the next.
 */
export class GeneratedPayloads implements Iterable<Uint8Array> {
  readonly size: PayloadSizes;
  readonly seed: number;
  readonly #clock: (() => number) | undefined;
  readonly #onLeave: ((sequence: number) => void) | undefined;
  readonly #step: number;
  #next: number;
  #left: number;
  #iterated: { readonly bytes: Uint8Array; readonly sequence: number } | null = null;

  /** @throws UfoError ERR_UFO_INVALID_ARGUMENT: a size no datagram has */
  constructor(options: GeneratedOptions) {
    const { size, seed = 1, first = 0, step = 1, count = Number.POSITIVE_INFINITY } = options;
    checkSizes(size);
    this.size = size;
    this.seed = seed;
    this.#clock = options.clock;
    this.#onLeave = options.onLeave;
    this.#next = first;
    this.#step = step;
    this.#left = count;
  }

  /** The sequence that would be taken next, were there no end. */
  get next(): number {
    return this.#next;
  }

  /** The next sequence, which is taken; −1: there is none. */
  take(): number {
    if (this.#left <= 0) return -1;
    this.#left -= 1;
    const sequence = this.#next;
    this.#next = (sequence + this.#step) >>> 0;
    return sequence;
  }

  /** Octets of the payload with that sequence. */
  sizeOf(sequence: number): number {
    return sizeOf(this.size, this.seed, sequence);
  }

  /** Whether payloads say when they were sent. */
  get timed(): boolean {
    return this.#clock !== undefined;
  }

  /** Datagram `sequence` leaves now: the time for it to say, milliseconds since the epoch; 0 where it says none. */
  leave(sequence: number): number {
    this.#onLeave?.(sequence);
    return this.#clock?.() ?? 0;
  }

  /** Datagram `sequence` that lies in `bytes` leaves now: its time is written into it. */
  leaveIn(bytes: Uint8Array, sequence: number): void {
    const time = this.leave(sequence);
    if (!this.timed || bytes.length < TIMED_LEAST_LEN) return;
    setTime(new DataView(bytes.buffer, bytes.byteOffset, TIMED_HEADER_LEN), 0, time);
  }

  /** No more after those taken. */
  stop(): void {
    this.#left = 0;
  }

  /** Makes datagram `sequence` in front in `buffer`, and gives what of it that is. */
  fill(buffer: Uint8Array, sequence: number): Uint8Array {
    const bytes = buffer.subarray(0, this.sizeOf(sequence));
    fillPayload(bytes, this.seed, sequence, this.timed ? 0 : undefined);
    return bytes;
  }

  *[Symbol.iterator](): Generator<Uint8Array, void> {
    const buffer = new Uint8Array(largestOf(this.size));
    for (let sequence = this.take(); sequence >= 0; sequence = this.take()) {
      const bytes = this.fill(buffer, sequence);
      this.#iterated = { bytes, sequence };
      this.leaveNow();
      yield bytes;
    }
  }

  /** What was iterated last leaves now: it had to wait for its turn. */
  readonly leaveNow = (): void => {
    if (this.#iterated !== null) this.leaveIn(this.#iterated.bytes, this.#iterated.sequence);
  };
}

function checkSizes(size: PayloadSizes): void {
  const ranges = typeof size === 'number' ? [{ min: size, max: size }] : size;
  const right = ({ min, max }: SizeRange): boolean =>
    Number.isInteger(min) && Number.isInteger(max) && min >= 0 && min <= max && max <= LARGEST;
  if (Array.isArray(ranges) && ranges.length > 0 && ranges.every(right)) return;
  throw argumentError('size', size, `0 … ${LARGEST} octets, or ranges { min, max } of them`);
}
