import { NumberTally } from '../../compare/numbers.js';
import { inspectGenerated } from '../../compare/payload.js';
import { type DelayFigures, DelayTally } from './delay.js';

/** What became of one payload: `foreign` payloads say nothing of themselves. */
export type PayloadState = 'good' | 'bad' | 'foreign';

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

  /** `source` tells senders apart that use the same seed; `cameAt` in milliseconds since the epoch. */
  add(bytes: Uint8Array, source: string, cameAt: number): JudgedPayload {
    const { told, fault } = inspectGenerated(bytes);
    this.#count.datagrams++;
    this.#count.octets += bytes.length;
    const payload = told === null ? 'foreign' : fault === null ? 'good' : 'bad';
    this.#count[payload]++;
    if (told === null) return { payload, seed: null, sequence: null, mismatch: null, delay: null };
    const { seed, sequence, sentAt } = told;
    const sender = `${source} ${seed}`;
    const fresh = payload === 'good' && this.#numbers.add(`${seed}`, sequence, source);
    const delay = fresh && sentAt !== undefined ? this.#delays.add(sender, sentAt, cameAt) : null;
    return { payload, seed, sequence, mismatch: fault, delay };
  }

  get figures(): ReceiveFigures {
    const { missing, doubled: duplicates, late: reordered, lateBy } = this.#numbers.figures;
    return { ...this.#count, missing, duplicates, reordered, lateBy, delay: this.#delays.figures };
  }
}
