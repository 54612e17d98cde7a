import { setTimeout as sleep } from 'node:timers/promises';
import { type AnswerKind, askRule, deliveredIn, waitFor } from './ask.js';
import type { Prober } from './prober.js';
import { ONE, type Rule } from './rules/rule.js';

/** How long a receiver is waited for whose memory for fragments is full, milliseconds. */
export interface Patience {
  /** At a time: a reassembly time (RFC 8200 §4.5: 60 s; Linux over IPv4 30 s). */
  readonly onceMs: number;
  /** In all of a run. */
  readonly allMs: number;
}

const PATIENCE: Patience = { onceMs: 65_000, allMs: 180_000 };
/** Times that a plain datagram is sent before it counts as not answered: one may be lost. */
const MOST_TIMES = 3;
/** Octets of a plain datagram in two fragments: it takes less memory than any question. */
const PLAIN_SIZE = 1_096;
const PLAIN_PLAN = 'sizes(552)';

/**
 * One receiver that is asked, and whether it puts plain fragments together. Silence says something of a question only where a
 * plain datagram behind it is answered: Linux takes no fragment in while its memory for them is full (`inet_frag_find`), so
 * that what comes behind is put together only where the question found room.
 */
export class Receiver {
  readonly prober: Prober;
  readonly kind: AnswerKind;
  readonly signal: AbortSignal;
  readonly #onceMs: number;
  #leftMs: number;
  readonly #waiting: (seconds: number) => void;

  /** @param waiting is told when a wait begins, and how long it may be */
  constructor(
    prober: Prober,
    kind: AnswerKind,
    signal: AbortSignal,
    waiting: (seconds: number) => void = () => undefined,
    { onceMs, allMs }: Patience = PATIENCE,
  ) {
    this.prober = prober;
    this.kind = kind;
    this.signal = signal;
    this.#waiting = waiting;
    this.#onceMs = onceMs;
    this.#leftMs = allMs;
  }

  /** Whether a plain datagram in fragments is put together just now; `size` octets of it, the fewest that serve unless told. */
  async answersNow(size = PLAIN_SIZE): Promise<boolean> {
    for (let times = 1; times <= MOST_TIMES; times++) if (await this.#answers(size)) return true;
    return false;
  }

  /**
   * Waits until it puts fragments together again; false where it does not in a reassembly time, or where the run has waited
   * long enough before.
   */
  async recovers(): Promise<boolean> {
    const from = performance.now();
    const mostMs = Math.min(this.#onceMs, this.#leftMs);
    if (mostMs <= 0) return false;
    this.#waiting(Math.ceil(mostMs / 1000));
    try {
      while (performance.now() - from < mostMs) {
        if (await this.#answers(PLAIN_SIZE)) return true;
        await sleep(2 * waitFor(this.kind), undefined, { signal: this.signal });
      }
      return false;
    } finally {
      this.#leftMs -= performance.now() - from;
    }
  }

  async #answers(size: number): Promise<boolean> {
    this.signal.throwIfAborted();
    const { family } = this.prober.path;
    return deliveredIn(await askRule(this.prober, plainRule(family, size), this.kind), this.kind, family) > 0;
  }
}

function plainRule(family: 4 | 6, size: number): Rule {
  const steps = size > PLAIN_SIZE ? 'repeat(1)' : PLAIN_PLAN;
  return { demand: 'a plain datagram', section: '', family, plan: steps, size, want: ONE };
}
