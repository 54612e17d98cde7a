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

/** Senders of one series of numbers: who share it out, or who each count for themselves from the same beginning. */
interface Group {
  /** All their numbers as one series. */
  readonly together: Series;
  senders: number;
  /** Whether some were too many to be kept, so that what is missing of each is not known. */
  forgotten: boolean;
  /** Of senders that were forgotten. */
  readonly past: Figures;
}

/**
 * Keeps count of numbers, series by series. Several senders of one series either share its numbers out (`send --queues`, or one
 * that sends from many ports), or do not know of each other: then numbers come from more than one of them, and each is a
 * series of its own.
 */
export class NumberTally {
  readonly #fromZero: boolean;
  readonly #senders = new Map<string, { readonly series: Series; readonly group: Group }>();
  readonly #groups = new Map<string, Group>();
  /** Of the series that were forgotten. */
  readonly #past = noFigures();

  /** @param fromZero what is below the first number that comes is missing too, as in a capture of the whole */
  constructor(fromZero: boolean) {
    this.#fromZero = fromZero;
  }

  /**
   * Takes a number; false where it has come before from this sender. `series` tells seeds apart. `ofOrder` false: it is told of
   * later than it came, and is not late.
   */
  add(series: string, number: number, sender = '', ofOrder = true): boolean {
    const key = `${series} ${sender}`;
    let known = this.#senders.get(key);
    if (known === undefined) {
      this.#makeRoom();
      const group = this.#groupOf(series);
      group.senders += 1;
      known = { series: new Series(this.#fromZero), group };
      this.#senders.set(key, known);
    }
    if (sender !== '') known.group.together.add(number, ofOrder);
    return known.series.add(number, ofOrder);
  }

  /** Whether a number of the last 65,536 has come. */
  has(series: string, number: number, sender = ''): boolean {
    return this.#senders.get(`${series} ${sender}`)?.series.has(number) ?? false;
  }

  get figures(): NumberFigures {
    const sum = { ...this.#past };
    for (const [group, apart] of this.#apart()) addFigures(sum, figuresOf(group, apart));
    return sum;
  }

  /** What the senders of each group come to, each for itself. */
  #apart(): Map<Group, Figures> {
    const all = new Map<Group, Figures>();
    for (const group of this.#groups.values()) all.set(group, { ...group.past });
    for (const { series, group } of this.#senders.values()) {
      const figures = all.get(group);
      if (figures !== undefined) addFigures(figures, series);
    }
    return all;
  }

  #groupOf(series: string): Group {
    let group = this.#groups.get(series);
    if (group !== undefined) return group;
    if (this.#groups.size >= MOST_SERIES) this.#forgetGroup();
    group = { together: new Series(this.#fromZero), senders: 0, forgotten: false, past: noFigures() };
    this.#groups.set(series, group);
    return group;
  }

  #forgetGroup(): void {
    const [name, group] = this.#groups.entries().next().value!;
    addFigures(this.#past, figuresOf(group, this.#apart().get(group)!));
    this.#groups.delete(name);
    for (const [key, known] of this.#senders) if (known.group === group) this.#senders.delete(key);
  }

  #makeRoom(): void {
    if (this.#senders.size < MOST_SERIES) return;
    const [oldest, { series, group }] = this.#senders.entries().next().value!;
    addFigures(group.past, series);
    group.forgotten = true;
    this.#senders.delete(oldest);
  }
}

/** No number came from two of them: they share the series out, and what is missing is missing from all of them together. */
function figuresOf({ together, senders, forgotten }: Group, apart: Figures): Figures {
  if (senders === 1 || together.doubled > apart.doubled) return apart;
  return { ...apart, missing: forgotten ? together.missing : Math.min(together.missing, apart.missing) };
}

type Figures = { -readonly [K in keyof NumberFigures]: number };

function noFigures(): Figures {
  return { missing: 0, doubled: 0, late: 0, lateBy: 0 };
}

function addFigures(sum: Figures, one: NumberFigures): void {
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

  add(number: number, ofOrder: boolean): boolean {
    if (this.#lowest < 0) {
      this.#lowest = this.#fromZero ? 0 : number;
      this.#highest = number - 1;
    }
    const behind = this.#highest - number;
    if (behind < 0) this.#advance(number);
    else if (behind >= WINDOW) {
      if (ofOrder) this.#countLate(behind);
      return true;
    } else if (!this.#take(number)) {
      this.doubled += 1;
      return false;
    } else if (ofOrder) this.#countLate(behind);
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
