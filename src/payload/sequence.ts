import { argumentError } from '../errors.js';
import { fillPayload } from './generated.js';

export interface GeneratedOptions {
  /** Octets of every payload, 0 … 65,536. */
  readonly size: number;
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
  readonly size: number;
  readonly seed: number;
  readonly #step: number;
  #next: number;
  #left: number;

  /** @throws UfoError ERR_UFO_INVALID_ARGUMENT: a size no datagram has */
  constructor({ size, seed = 1, first = 0, step = 1, count = Number.POSITIVE_INFINITY }: GeneratedOptions) {
    if (!Number.isInteger(size) || size < 0 || size > 65_536) throw argumentError('size', size, '0 … 65536 octets');
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

  /** No more after those taken. */
  stop(): void {
    this.#left = 0;
  }

  *[Symbol.iterator](): Generator<Uint8Array, void> {
    const bytes = new Uint8Array(this.size);
    for (let sequence = this.take(); sequence >= 0; sequence = this.take()) {
      fillPayload(bytes, this.seed, sequence);
      yield bytes;
    }
  }
}
