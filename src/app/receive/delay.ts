import { milliseconds, Spread, type SpreadFigures, spreadText } from '../common/spread.js';

/** Delays of datagrams that said when they were sent, milliseconds. */
export interface DelayFigures extends SpreadFigures {
  readonly datagrams: number;
  /** Interarrival jitter (RFC 3550 6.4.1) when the last came; of several senders the largest. */
  readonly jitter: number;
}

/** One sender's state, as RFC 3550 A.8 has it. */
interface Transit {
  last: number;
  jitter: number;
}

/** Senders that are kept apart; whoever is beyond counts in the delays only. */
const MOST_SENDERS = 65_536;

/**
 * One-way delays, and their jitter. A delay is by two clocks, the sender's and ours, and right as far as they agree; the jitter
 * needs only that neither is set meanwhile.
 */
export class DelayTally {
  readonly #spread = new Spread();
  readonly #senders = new Map<string, Transit>();

  /**
   * A datagram of `sender` that came now and for the first time. Both times in milliseconds since the epoch; gives the delay.
   */
  add(sender: string, sentAt: number, cameAt: number): number {
    const delay = cameAt - sentAt;
    this.#spread.add(delay);
    const known = this.#senders.get(sender);
    if (known !== undefined) {
      known.jitter += (Math.abs(delay - known.last) - known.jitter) / 16;
      known.last = delay;
    } else if (this.#senders.size < MOST_SENDERS) this.#senders.set(sender, { last: delay, jitter: 0 });
    return delay;
  }

  /** Null where no datagram said when it was sent. */
  get figures(): DelayFigures | null {
    const spread = this.#spread.figures;
    if (spread === null) return null;
    let jitter = 0;
    for (const one of this.#senders.values()) jitter = Math.max(jitter, one.jitter);
    return { datagrams: this.#spread.count, ...spread, jitter };
  }
}

/** A line for people. */
export function delayText(figures: DelayFigures): string {
  const clocks = figures.min < 0 ? "the sender's clock is ahead of ours" : 'if the clocks of both hosts agree';
  return `one-way delay (${clocks}): ${spreadText(figures)}; jitter (RFC 3550) ${milliseconds(figures.jitter)}`;
}
