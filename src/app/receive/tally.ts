import { NumberTally } from '../../compare/numbers.js';
import { inspectGenerated } from '../../compare/payload.js';

/** What became of one payload: `foreign` payloads say nothing of themselves. */
export type PayloadState = 'good' | 'bad' | 'foreign';

export interface JudgedPayload {
  readonly payload: PayloadState;
  readonly seed: number | null;
  readonly sequence: number | null;
  /** What is wrong with it. */
  readonly mismatch: string | null;
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
}

/** Judges payloads by what they say of themselves, and their numbers by each other, as every comparison does. */
export class ReceiveTally {
  readonly #numbers = new NumberTally(false);
  readonly #count = { datagrams: 0, octets: 0, good: 0, bad: 0, foreign: 0 };

  /** `source` tells senders apart that use the same seed. */
  add(bytes: Uint8Array, source: string): JudgedPayload {
    const judged = judge(bytes);
    this.#count.datagrams++;
    this.#count.octets += bytes.length;
    this.#count[judged.payload]++;
    if (judged.payload === 'good') this.#numbers.add(`${source} ${judged.seed}`, judged.sequence!);
    return judged;
  }

  get figures(): ReceiveFigures {
    const { missing, doubled: duplicates, late: reordered, lateBy } = this.#numbers.figures;
    return { ...this.#count, missing, duplicates, reordered, lateBy };
  }
}

function judge(bytes: Uint8Array): JudgedPayload {
  const { told, fault } = inspectGenerated(bytes);
  if (told === null) return { payload: 'foreign', seed: null, sequence: null, mismatch: null };
  const { seed, sequence } = told;
  return { payload: fault === null ? 'good' : 'bad', seed, sequence, mismatch: fault };
}
