import { argumentError } from '../errors.js';
import { fillPayload } from './generated.js';
import { largestOf, type PayloadSizes, type SizeRange, sizeOf } from './sizes.js';

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
}

/**
 * Generated payloads, one after the other, until `count` or `stop`. A socket's `sendMany` knows them and makes none of them:
 * the seed's table lies in its pages. Iterated, they come one by one in a buffer that is used again for the next.
 */
export class GeneratedPayloads implements Iterable<Uint8Array> {
  readonly size: PayloadSizes;
  readonly seed: number;
  readonly #step: number;
  #next: number;
  #left: number;

  /** @throws UfoError ERR_UFO_INVALID_ARGUMENT: a size no datagram has */
  constructor({ size, seed = 1, first = 0, step = 1, count = Number.POSITIVE_INFINITY }: GeneratedOptions) {
    checkSizes(size);
    this.size = size;
    this.seed = seed;
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

  /** No more after those taken. */
  stop(): void {
    this.#left = 0;
  }

  *[Symbol.iterator](): Generator<Uint8Array, void> {
    const buffer = new Uint8Array(largestOf(this.size));
    for (let sequence = this.take(); sequence >= 0; sequence = this.take()) {
      const bytes = buffer.subarray(0, this.sizeOf(sequence));
      fillPayload(bytes, this.seed, sequence);
      yield bytes;
    }
  }
}

function checkSizes(size: PayloadSizes): void {
  const ranges = typeof size === 'number' ? [{ min: size, max: size }] : size;
  const right = ({ min, max }: SizeRange): boolean =>
    Number.isInteger(min) && Number.isInteger(max) && min >= 0 && min <= max && max <= LARGEST;
  if (Array.isArray(ranges) && ranges.length > 0 && ranges.every(right)) return;
  throw argumentError('size', size, `0 … ${LARGEST} octets, or ranges { min, max } of them`);
}
