import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { checkFunction, checkObject, refuseUnknown } from '../checks.js';
import { argumentError, typeError } from '../errors.js';
import { preciseSleep } from '../host/libc.js';
import type { Pacer } from './options.js';

export type RateUnit = 'datagrams' | 'fragments' | 'bits';

export interface PacerOptions {
  /** So many units a second; without it only `gap` counts. */
  readonly rate?: number | undefined;
  /** Bits are those of IP packets. Default datagrams. */
  readonly unit?: RateUnit | undefined;
  /** So many microseconds from the beginning of one datagram to the next, and never less than nine tenths of it. */
  readonly gap?: number | undefined;
  /** Milliseconds on a clock that never goes back. */
  readonly clock?: (() => number) | undefined;
}

const UNITS: readonly RateUnit[] = ['datagrams', 'fragments', 'bits'];
const OPTIONS: readonly (keyof PacerOptions)[] = ['rate', 'unit', 'gap', 'clock'];

/**
 * Time that a sender may be behind its rate and still make up for, milliseconds: every datagram has its deadline on the
 * monotonic clock, and a loaded machine wakes us hundreds of milliseconds late. It bounds a burst to what the rate sends in
 * this time, and one datagram.
 */
export const CREDIT_MS = 1000;
/** Part of the gap that two datagrams keep in any case; the rest may make up for the one before having been late. */
const LEAST_GAP = 0.9;
/** Timers of Node have this resolution, milliseconds. */
const TIMER_MS = 1;
/** The last part of a wait for a rate is slept precisely, where Node's timer could come late, milliseconds. */
const PRECISE_MS = 20;

/**
 * Holds a sender to a rate (a token bucket, kept as the time at which it is full enough again) and to a gap between
 * datagrams. The rate is held on average, with short bursts; a gap makes no bursts. A rate sleeps (clock_nanosleep, in
 * libuv's pool); a gap is waited out to the microsecond, the last millisecond of it in turns of the event loop.
 */
export class RatePacer implements Pacer {
  readonly #clock: () => number;
  readonly #unit: RateUnit;
  /** Milliseconds that one unit takes; 0 without a rate. */
  readonly #unitMs: number;
  readonly #gapMs: number;
  /** Null before the first datagram, which has no credit. */
  #nextByRate: number | null = null;
  #nextByGap: number | null = null;

  /** @throws UfoError for an option that is none, a rate that is not above 0, or a negative gap */
  constructor(options: PacerOptions) {
    refuseUnknown(options, OPTIONS, 'createPacer');
    const { rate, unit = 'datagrams', gap = 0, clock = () => performance.now() } = options;
    if (!UNITS.includes(unit)) throw typeError('unit', unit, `one of ${UNITS.join(', ')}`);
    checkFunction('clock', clock, 'a function that gives milliseconds');
    const [anyRate, anyGap] = [`${unit} per second, above 0`, 'microseconds between datagrams, 0 or more'];
    if (rate !== undefined && typeof rate !== 'number') throw typeError('rate', rate, anyRate);
    if (rate !== undefined && !(rate > 0)) throw argumentError('rate', rate, anyRate);
    if (typeof gap !== 'number') throw typeError('gap', gap, anyGap);
    if (!(gap >= 0)) throw argumentError('gap', gap, anyGap);
    this.#clock = clock;
    this.#unit = unit;
    this.#unitMs = rate === undefined ? 0 : 1000 / rate;
    this.#gapMs = gap / 1000;
  }

  /**
   * Asks for leave to send so much now. 0: it is booked, go. Otherwise the milliseconds to wait before asking again, and
   * nothing is booked.
   */
  take(datagrams: number, fragments: number, bits: number): number {
    const now = this.#clock();
    const nextByRate = this.#nextByRate ?? now;
    const wait = Math.max(nextByRate, this.#nextByGap ?? now) - now;
    if (wait > 0) return wait;
    const units = this.#unit === 'datagrams' ? datagrams : this.#unit === 'fragments' ? fragments : bits;
    this.#nextByRate = Math.max(nextByRate, now - CREDIT_MS) + units * this.#unitMs;
    const gapMs = datagrams * this.#gapMs;
    // The first gap has nothing to make up for: it is a whole one.
    this.#nextByGap = Math.max((this.#nextByGap ?? now) + gapMs, now + LEAST_GAP * gapMs);
    return 0;
  }

  /**
   * Resolves when one datagram of so many fragments and bits may go, and has booked it; undefined: it may go at once.
   * Rejects with the reason of the signal.
   */
  ready(fragments: number, bits: number, signal?: AbortSignal): Promise<void> | undefined {
    const wait = this.take(1, fragments, bits);
    return wait === 0 ? undefined : this.#later(wait, fragments, bits, signal);
  }

  async #later(first: number, fragments: number, bits: number, signal?: AbortSignal): Promise<void> {
    for (let wait = first; wait > 0; wait = this.take(1, fragments, bits)) {
      signal?.throwIfAborted();
      await this.#pause(wait, signal);
    }
  }

  async #pause(wait: number, signal?: AbortSignal): Promise<void> {
    const byGap = (this.#nextByGap ?? 0) > (this.#nextByRate ?? 0);
    if (byGap && wait <= 2 * TIMER_MS) await nextTurn();
    else if (byGap) await sleepFor(wait - 2 * TIMER_MS, signal);
    else if (wait > PRECISE_MS) await sleepFor(wait - PRECISE_MS / 2, signal);
    else await sleepPrecisely(Math.max(wait, TIMER_MS));
  }
}

/**
 * Holds `sendMany` and `sendFrames` to a rate, or to a gap. @throws UfoError for a rate not above 0 or a negative gap
 * @example
 * ```js
 * import { createPacer, createSocket } from 'udp-ufo';
 *
 * const socket = createSocket('udp4');
 * await socket.connect(9999, '192.0.2.2');
 * const payloads = Array.from({ length: 50 }, () => new Uint8Array(4000));
 * const { datagrams, fragments } = await socket.sendMany(payloads, { pacer: createPacer({ rate: 1000 }) });
 * console.log(datagrams, fragments); // 50 150
 * await socket.close();
 * ```
 */
export function createPacer(options: PacerOptions): Pacer {
  checkObject('options', options);
  return new RatePacer(options);
}

/** @throws UfoError (TypeError) for what paces nothing */
export function checkPacer(pacer: unknown): asserts pacer is Pacer {
  if (typeof (pacer as Pacer | null)?.ready === 'function') return;
  throw typeError('pacer', pacer, 'what createPacer gives, or an object with ready');
}

async function sleepFor(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(Math.ceil(ms), undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  }
}

/** Timers of Node do where the native package is not built, some milliseconds late. */
let native = true;
async function sleepPrecisely(ms: number): Promise<void> {
  if (native) {
    try {
      return await preciseSleep(ms);
    } catch {
      native = false;
    }
  }
  await sleep(Math.ceil(ms));
}
