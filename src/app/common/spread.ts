import { grouped } from '../../report/grouped.js';

/** Values kept to tell quantiles from: all of them up to so many, then a fair sample (Vitter's algorithm R). */
const MOST = 65_536;
const FIRST = 256;

/** How values are spread. */
export interface SpreadFigures {
  readonly min: number;
  readonly median: number;
  /** 99 of 100 are not above it. */
  readonly p99: number;
  readonly max: number;
}

/** The spread of any number of values, in bounded memory. */
export class Spread {
  #kept = new Float64Array(FIRST);
  #count = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #random = 0x2545_f491;

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    const at = this.#count < MOST ? this.#count : this.#draw(this.#count + 1);
    this.#count += 1;
    if (at >= MOST) return;
    if (at >= this.#kept.length) this.#grow();
    this.#kept[at] = value;
  }

  /** Null where there was no value. */
  get figures(): SpreadFigures | null {
    if (this.#count === 0) return null;
    const sorted = this.#kept.slice(0, Math.min(this.#count, MOST)).sort();
    const rank = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1]!;
    return { min: this.#min, median: rank(0.5), p99: rank(0.99), max: this.#max };
  }

  #grow(): void {
    const more = new Float64Array(this.#kept.length * 2);
    more.set(this.#kept);
    this.#kept = more;
  }

  /** 0 … below `end`: xorshift32. */
  #draw(end: number): number {
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    return Math.floor(((this.#random >>> 0) / 2 ** 32) * end);
  }
}

/** Milliseconds for people, to the microsecond: `0.042 ms`. */
export function milliseconds(ms: number): string {
  return `${grouped(Math.abs(ms) < 100 ? ms : Math.round(10 * ms) / 10)} ms`;
}

/** `min 0.04 ms, median 0.05 ms, p99 0.2 ms, max 1.3 ms`. */
export function spreadText({ min, median, p99, max }: SpreadFigures): string {
  const parts = Object.entries({ min, median, p99, max }).map(([name, ms]) => `${name} ${milliseconds(ms)}`);
  return parts.join(', ');
}
