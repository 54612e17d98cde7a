/** What the sequence numbers of generated payloads tell. */
export interface NumberFigures {
  /** Numbers that did not come, below the highest that did. */
  readonly missing: number;
  /** Came once more. */
  readonly doubled: number;
  /** Came after one with a higher number (RFC 4737: reordered). */
  readonly late: number;
  /** How many numbers the latest of them was behind. */
  readonly lateBy: number;
}

/** Series kept apart: beyond it the oldest is counted and forgotten. */
const MOST_SERIES = 1024;

/** Keeps count of numbers, series by series. */
export class NumberTally {
  readonly #fromZero: boolean;
  readonly #series = new Map<string, Series>();
  /** Of the series that were forgotten. */
  readonly #past = { missing: 0, doubled: 0, late: 0, lateBy: 0 };

  /** @param fromZero what is below the first number that comes is missing too, as in a capture of the whole */
  constructor(fromZero: boolean) {
    this.#fromZero = fromZero;
  }

  /** Takes a number; false where it has come before. `series` tells senders and seeds apart. */
  add(series: string, number: number): boolean {
    let known = this.#series.get(series);
    if (known === undefined) {
      this.#makeRoom();
      known = new Series(this.#fromZero);
      this.#series.set(series, known);
    }
    return known.add(number);
  }

  /** Whether a number of the last 65,536 has come. */
  has(series: string, number: number): boolean {
    return this.#series.get(series)?.has(number) ?? false;
  }

  get figures(): NumberFigures {
    const sum = { ...this.#past };
    for (const one of this.#series.values()) addFigures(sum, one);
    return sum;
  }

  #makeRoom(): void {
    if (this.#series.size < MOST_SERIES) return;
    const [oldest, figures] = this.#series.entries().next().value!;
    addFigures(this.#past, figures);
    this.#series.delete(oldest);
  }
}

function addFigures(sum: { -readonly [K in keyof NumberFigures]: number }, one: NumberFigures): void {
  sum.missing += one.missing;
  sum.doubled += one.doubled;
  sum.late += one.late;
  sum.lateBy = Math.max(sum.lateBy, one.lateBy);
}

/** Numbers whose coming is remembered one by one. What is older counts as late: whether it is doubled, nobody knows. */
const WINDOW = 65_536;

class Series implements NumberFigures {
  readonly #window = new Uint8Array(WINDOW / 8);
  readonly #fromZero: boolean;
  #lowest = -1;
  #highest = -1;
  #distinct = 0;
  doubled = 0;
  late = 0;
  lateBy = 0;

  constructor(fromZero: boolean) {
    this.#fromZero = fromZero;
  }

  get missing(): number {
    return Math.max(0, this.#highest - this.#lowest + 1 - this.#distinct);
  }

  add(number: number): boolean {
    if (this.#lowest < 0) {
      this.#lowest = this.#fromZero ? 0 : number;
      this.#highest = number - 1;
    }
    const behind = this.#highest - number;
    if (behind < 0) this.#advance(number);
    else if (behind >= WINDOW) {
      this.#countLate(behind);
      return true;
    } else if (!this.#take(number)) {
      this.doubled += 1;
      return false;
    } else this.#countLate(behind);
    this.#lowest = Math.min(this.#lowest, number);
    this.#distinct += 1;
    return true;
  }

  has(number: number): boolean {
    const behind = this.#highest - number;
    return behind >= 0 && behind < WINDOW && (this.#window[(number % WINDOW) >> 3]! & (1 << (number & 7))) !== 0;
  }

  #countLate(behind: number): void {
    this.late += 1;
    this.lateBy = Math.max(this.lateBy, behind);
  }

  #advance(number: number): void {
    if (number - this.#highest >= WINDOW) this.#window.fill(0);
    else for (let n = this.#highest + 1; n < number; n++) this.#window[(n % WINDOW) >> 3]! &= ~(1 << (n & 7));
    this.#window[(number % WINDOW) >> 3]! |= 1 << (number & 7);
    this.#highest = number;
  }

  /** Marks a number within the window; false where it was already. */
  #take(number: number): boolean {
    const at = (number % WINDOW) >> 3;
    const bit = 1 << (number & 7);
    if ((this.#window[at]! & bit) !== 0) return false;
    this.#window[at]! |= bit;
    return true;
  }
}
