import type { DatagramVerdict } from '../../verify/verdict.js';
import type { DatagramsSection } from './document.js';

/** Rows that a browser still sorts and searches at once. */
const MOST_GOOD = 500;
const MOST_OTHERS = 1_000;

/**
 * Keeps as many datagrams as a page can show, whatever comes: of those that are not good the first 1,000, of the good ones
 * every n-th, n growing by powers of two, so that they spread over all of the time.
 */
export class DatagramSample {
  readonly #others: (readonly [number, DatagramVerdict])[] = [];
  #good: (readonly [number, DatagramVerdict])[] = [];
  #seen = 0;
  #goodSeen = 0;
  #every = 1;

  add(verdict: DatagramVerdict): void {
    const number = this.#seen++;
    if (verdict.verdict !== 'good') {
      if (this.#others.length < MOST_OTHERS) this.#others.push([number, verdict]);
      return;
    }
    if (this.#goodSeen++ % this.#every !== 0) return;
    this.#good.push([number, verdict]);
    if (this.#good.length <= MOST_GOOD) return;
    this.#good = this.#good.filter((_, i) => i % 2 === 0);
    this.#every *= 2;
  }

  section(title = 'Datagrams'): DatagramsSection {
    const others = this.#seen - this.#goodSeen;
    const shown = [...this.#others, ...this.#good].sort((a, b) => a[0] - b[0]);
    const all = shown.length === this.#seen;
    const sampled = `${shown.length} of ${this.#seen} are shown: ${this.#others.length} of the ${others} that are not good, and ${everyText(this.#every, this.#goodSeen)} good ones, in the order of the capture`;
    return { kind: 'datagrams', title, datagrams: shown.map(([, verdict]) => verdict), sampled: all ? null : sampled };
  }
}

/** `all 7`, `every 2nd of the 700`, `every 4th of the 1400`: powers of two end in 1 no more, nor in 3. */
function everyText(every: number, of: number): string {
  if (every === 1) return `all ${of}`;
  return `every ${every}${every % 10 === 2 && every % 100 !== 12 ? 'nd' : 'th'} of the ${of}`;
}
