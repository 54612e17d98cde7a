import { inspectPayload } from '../../payload/generated.js';

/** What became of one payload: `foreign` payloads say nothing of themselves. */
export type PayloadState = 'good' | 'bad' | 'foreign';

export interface JudgedPayload {
  readonly payload: PayloadState;
  readonly seed: number | null;
  readonly sequence: number | null;
  /** What is wrong with it. */
  readonly mismatch: string | null;
}

/** Figures over all datagrams received. */
export interface ReceiveFigures {
  readonly datagrams: number;
  readonly octets: number;
  readonly good: number;
  readonly bad: number;
  readonly foreign: number;
  /** Sequence numbers that are missing between the lowest and the highest seen of each series. */
  readonly missing: number;
  readonly duplicates: number;
  /** Datagrams that came after one with a higher number. */
  readonly reordered: number;
}

/** Judges payloads by what they say of themselves, and keeps count of what is missing. */
export class ReceiveTally {
  readonly #series = new Map<string, Series>();
  readonly #count = { datagrams: 0, octets: 0, good: 0, bad: 0, foreign: 0 };

  /** `source` tells senders apart that use the same seed. */
  add(bytes: Uint8Array, source: string): JudgedPayload {
    const judged = judge(bytes);
    this.#count.datagrams++;
    this.#count.octets += bytes.length;
    this.#count[judged.payload]++;
    if (judged.payload === 'good') this.#seriesOf(`${source} ${judged.seed}`).add(judged.sequence!);
    return judged;
  }

  get figures(): ReceiveFigures {
    const sum = { missing: 0, duplicates: 0, reordered: 0 };
    for (const { missing, duplicates, reordered } of this.#series.values()) {
      sum.missing += missing;
      sum.duplicates += duplicates;
      sum.reordered += reordered;
    }
    return { ...this.#count, ...sum };
  }

  #seriesOf(key: string): Series {
    let series = this.#series.get(key);
    if (series === undefined) {
      // Bounded whatever comes: the oldest series is forgotten.
      if (this.#series.size === 1024) this.#series.delete(this.#series.keys().next().value!);
      series = new Series();
      this.#series.set(key, series);
    }
    return series;
  }
}

/** Sequence numbers seen of one series, to tell what is new in a window of the latest 65,536. */
class Series {
  readonly #window = new Uint8Array(WINDOW / 8);
  #lowest = -1;
  #highest = -1;
  #distinct = 0;
  duplicates = 0;
  reordered = 0;

  get missing(): number {
    return this.#highest - this.#lowest + 1 - this.#distinct;
  }

  add(sequence: number): void {
    if (this.#lowest < 0) {
      this.#lowest = sequence;
      this.#highest = sequence - 1;
    }
    if (sequence > this.#highest) this.#advance(sequence);
    else if (sequence <= this.#highest - WINDOW || !this.#take(sequence)) {
      this.duplicates++;
      return;
    } else this.reordered++;
    this.#lowest = Math.min(this.#lowest, sequence);
    this.#distinct++;
  }

  #advance(sequence: number): void {
    if (sequence - this.#highest >= WINDOW) this.#window.fill(0);
    else for (let s = this.#highest + 1; s < sequence; s++) this.#window[(s % WINDOW) >> 3]! &= ~(1 << (s & 7));
    this.#window[(sequence % WINDOW) >> 3]! |= 1 << (sequence & 7);
    this.#highest = sequence;
  }

  /** Marks a number within the window; false where it was already. */
  #take(sequence: number): boolean {
    const at = (sequence % WINDOW) >> 3;
    const bit = 1 << (sequence & 7);
    if ((this.#window[at]! & bit) !== 0) return false;
    this.#window[at]! |= bit;
    return true;
  }
}

const WINDOW = 65_536;

function judge(bytes: Uint8Array): JudgedPayload {
  const generated = inspectPayload(bytes);
  if (generated === null) return { payload: 'foreign', seed: null, sequence: null, mismatch: null };
  const { seed, sequence, length, firstWrong } = generated;
  if (length !== bytes.length)
    return { payload: 'bad', seed, sequence, mismatch: `length got ${bytes.length}, want ${length}` };
  if (firstWrong < 0) return { payload: 'good', seed, sequence, mismatch: null };
  return { payload: 'bad', seed, sequence, mismatch: `octet ${firstWrong} is not as it was made` };
}
