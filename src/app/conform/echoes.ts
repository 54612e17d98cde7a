import { isReport, parseArrival } from '../common/arrival.js';
import { firstWords } from './tagged.js';

/** A datagram that an echo sent back, or of which a report tells how it begins. */
export interface Echo {
  readonly at: number;
  readonly payload: Uint8Array;
}

/** What one socket heard. An answer may be late, so that its octets alone say which question it is to. */
export class Echoes {
  /** What answers is `receive --report`, and no echo. */
  reports = false;
  readonly #heard: Echo[] = [];

  hear(payload: Uint8Array): void {
    if (!isReport(payload)) {
      this.#heard.push({ at: performance.now(), payload });
      return;
    }
    const head = parseArrival(payload)?.head;
    if (head === undefined) return; // of packets that did not make a datagram
    this.reports = true;
    this.#heard.push({ at: performance.now(), payload: Buffer.from(head, 'hex') });
  }

  /** What came since `from` (`performance.now()`) to questions under these idents. */
  to(idents: readonly number[], from: number): Echo[] {
    const asked = new Set(idents);
    return this.#heard.filter(({ at, payload }) => at >= from && firstWords(payload).some((word) => asked.has(word)));
  }
}
