import { NumberTally } from '../../compare/numbers.js';
import { generatedFault } from '../../compare/payload.js';
import type { GeneratedPayload } from '../../payload/generated.js';
import { type DelayFigures, DelayTally } from './delay.js';

/** What became of one payload: `foreign` payloads say nothing of themselves. */
type PayloadState = 'good' | 'bad' | 'foreign';

export interface JudgedPayload {
  readonly payload: PayloadState;
  readonly seed: number | null;
  readonly sequence: number | null;
  /** What is wrong with it. */
  readonly mismatch: string | null;
  /** Milliseconds from the time it says it was sent at to now, by two clocks; null where it says none, or came once more. */
  readonly delay: number | null;
}

/** Figures over all datagrams received; numbers that were sent before anybody listened are not missing. */
export interface ReceiveFigures {
  readonly datagrams: number;
  readonly octets: number;
  readonly good: number;
  readonly bad: number;
  readonly foreign: number;
  /** Numbers that did not come, between those that did. */
  readonly missing: number;
  readonly duplicates: number;
  /** Datagrams that came after one with a higher number, and by how many at most. */
  readonly reordered: number;
  readonly lateBy: number;
  /** Of datagrams that say when they were sent (`send --timestamps`); null where none did. */
  readonly delay: DelayFigures | null;
}

/** Judges payloads by what they say of themselves, and their numbers by each other, as every comparison does. */
export class ReceiveTally {
  readonly #numbers = new NumberTally(false);
  readonly #delays = new DelayTally();
  readonly #count = { datagrams: 0, octets: 0, good: 0, bad: 0, foreign: 0 };

  /**
   * Takes a datagram of `length` octets by what its payload says of itself. `source` tells senders apart that use the same seed;
   * `cameAt` in milliseconds since the epoch; `cut`: it had more.
   */
  add(told: GeneratedPayload | null, length: number, source: string, cameAt: number, cut = false): JudgedPayload {
    this.#count.datagrams++;
    this.#count.octets += length;
    if (told === null && !cut) {
      this.#count.foreign++;
      return FOREIGN;
    }
    if (told === null || cut) {
      this.#count.bad++;
      return { ...FOREIGN, payload: 'bad', mismatch: `datagram cut, only ${length} octets of it were taken` };
    }
    const { seed, sequence, sentAt } = told;
    const mismatch = generatedFault(told, length)?.text ?? null;
    const payload = mismatch === null ? 'good' : 'bad';
    this.#count[payload]++;
    const fresh = mismatch === null && this.#numbers.add(`${seed}`, sequence, source);
    const delay = fresh && sentAt !== undefined ? this.#delays.add(`${source} ${seed}`, sentAt, cameAt) : null;
    return { payload, seed, sequence, mismatch, delay };
  }

  get figures(): ReceiveFigures {
    const { missing, doubled: duplicates, late: reordered, lateBy } = this.#numbers.figures;
    return { ...this.#count, missing, duplicates, reordered, lateBy, delay: this.#delays.figures };
  }
}

const FOREIGN: JudgedPayload = { payload: 'foreign', seed: null, sequence: null, mismatch: null, delay: null };
