import { setTimeout as sleep } from 'node:timers/promises';
import { NumberTally } from '../../compare/numbers.js';
import { inspectGenerated } from '../../compare/payload.js';
import { EXIT, type ExitCode } from '../common/exit-codes.js';
import { counted, figure } from '../common/figures.js';
import { Spread, type SpreadFigures, spreadText } from '../common/spread.js';

/** What an echo sent back of what it got. */
export interface EchoReport {
  /** Datagrams that came back as they were sent, each once. */
  readonly answered: number;
  /** Datagrams that did not come back. */
  readonly lost: number;
  /** The first of these by number, as far as they are remembered. */
  readonly lostNumbers: readonly number[];
  /** Came back once more. */
  readonly doubled: number;
  /** Came back after one that was sent later, and by how many datagrams at most. */
  readonly late: number;
  readonly lateBy: number;
  /** Answers with other octets than were sent, or that say they are what was never sent. */
  readonly altered: number;
  /** The first of what is wrong with these. */
  readonly mismatches: readonly string[];
  /** Milliseconds until they came back; null where none did. */
  readonly roundTrip: SpreadFigures | null;
}

/** Datagrams on their way whose time is remembered; 2^n. */
const MOST_OPEN = 1 << 17;
const MOST_TOLD = 10;
const LOOK_MS = 10;

/**
 * Holds what comes back against the generated payloads that were sent. Times are by the monotonic clock, from when a datagram's
 * turn had come to when the answer is read.
 */
export class EchoCheck {
  readonly #seed: number;
  readonly #waitMs: number;
  /** When a number left; 0 once it has come back. */
  readonly #leftAt = new Float64Array(MOST_OPEN);
  readonly #numbers = new NumberTally(true);
  readonly #times = new Spread();
  readonly #mismatches: string[] = [];
  #highest = -1;
  #answered = 0;
  #returned = 0;
  #altered = 0;
  #lastAt = 0;

  /** @param waitMs how long the last answers are waited for */
  constructor(seed: number, waitMs: number) {
    this.#seed = seed;
    this.#waitMs = waitMs;
  }

  /** A datagram leaves. */
  readonly left = (sequence: number): void => {
    this.#highest = Math.max(this.#highest, sequence);
    this.#leftAt[sequence % MOST_OPEN] = performance.now();
  };

  /** An answer has come. */
  readonly take = (bytes: Uint8Array): void => {
    const now = performance.now();
    const { told, fault } = inspectGenerated(bytes);
    if (told === null) this.#alter(fault!);
    else if (told.seed !== this.#seed || told.sequence > this.#highest) {
      this.#alter(`an answer to datagram ${told.sequence} of seed ${told.seed}, which was not sent`);
    } else {
      const roundTrip = now - this.#takeBack(told.sequence);
      const fresh = this.#numbers.add('', told.sequence);
      if (fresh) this.#returned += 1;
      if (fresh) this.#lastAt = now;
      if (fault !== null) this.#alter(`datagram ${told.sequence}: ${fault}`);
      else if (fresh) this.#answered += 1;
      if (fresh && fault === null && roundTrip < now) this.#times.add(roundTrip);
    }
  };

  /** Waits for the answers still to come to so many datagrams. */
  async finish(sent: number, signal: AbortSignal): Promise<EchoReport> {
    this.#lastAt = performance.now();
    while (this.#returned < sent && performance.now() - this.#lastAt < this.#waitMs && !signal.aborted)
      await sleep(LOOK_MS);
    const { doubled, late, lateBy } = this.#numbers.figures;
    return {
      answered: this.#answered,
      lost: Math.max(0, sent - this.#returned),
      lostNumbers: this.#open(),
      ...{ doubled, late, lateBy, altered: this.#altered, mismatches: this.#mismatches },
      roundTrip: this.#times.figures,
    };
  }

  /** When that number left, which it has then not any more; 0 where nobody knows. */
  #takeBack(sequence: number): number {
    if (sequence <= this.#highest - MOST_OPEN) return 0;
    const leftAt = this.#leftAt[sequence % MOST_OPEN]!;
    this.#leftAt[sequence % MOST_OPEN] = 0;
    return leftAt;
  }

  #alter(what: string): void {
    this.#altered += 1;
    if (this.#mismatches.length < MOST_TOLD) this.#mismatches.push(what);
  }

  #open(): number[] {
    const open: number[] = [];
    for (let n = Math.max(0, this.#highest + 1 - MOST_OPEN); n <= this.#highest && open.length < MOST_TOLD; n++) {
      if (this.#leftAt[n % MOST_OPEN]! > 0) open.push(n);
    }
    return open;
  }
}

/** As every comparison of sent and seen: wrong or doubled is bad, lost is inconclusive, and order is told. */
export function echoExitCode({ altered, doubled, lost }: EchoReport): ExitCode {
  if (altered > 0 || doubled > 0) return EXIT.verificationFailed;
  return lost > 0 ? EXIT.inconclusive : EXIT.ok;
}

export function echoText(report: EchoReport): string[] {
  const { answered, lost, lostNumbers, doubled, late, lateBy, altered, mismatches, roundTrip } = report;
  const more = lost > lostNumbers.length ? ', …' : '';
  const which = lost === 0 || lostNumbers.length === 0 ? '' : ` (${lostNumbers.join(', ')}${more})`;
  const by = late > 0 ? ` (by ${lateBy} at most)` : '';
  return [
    `echo: ${counted(answered, 'datagram')} came back as sent, ${figure(lost)} did not come back${which}; ` +
      `${altered} altered, ${doubled} doubled, ${late} reordered${by}`,
    ...(roundTrip === null ? [] : [`round trip: ${spreadText(roundTrip)}`]),
    ...mismatches.map((what) => `altered: ${what}`),
  ];
}
