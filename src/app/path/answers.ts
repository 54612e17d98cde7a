import { setTimeout as sleep } from 'node:timers/promises';
import { IcmpError } from '../../companion/icmp-error.js';
import { inspectPayload } from '../../payload/generated.js';
import { type Arrival, parseArrival } from '../common/arrival.js';
import type { AnswerKind, Outcome, Probe } from './probe.js';
import type { Silence } from './silence.js';

/** What comes back to one probe. */
export class Answers {
  readonly #seed: number;
  readonly #first: number;
  readonly #probe: Probe;
  /** Answers by datagram. */
  readonly #heard = new Map<number, number>();
  readonly #arrivals: Arrival[] = [];
  readonly #orders: number[] = [];
  readonly #tooBig = new Map<number, string | null>();
  #refused = 0;
  #damaged = 0;
  readonly #silence: Silence | null;
  kind: AnswerKind | null = null;

  /**
   * @param first sequence number of its first datagram
   * @param silence where the far end may say that it waited in vain
   */
  constructor(seed: number, first: number, probe: Probe, silence: Silence | null = null) {
    this.#seed = seed;
    this.#first = first;
    this.#probe = probe;
    this.#silence = silence;
  }

  message(payload: Uint8Array): void {
    const arrival = parseArrival(payload);
    if (arrival !== null) this.#report(arrival);
    else this.#echo(payload);
  }

  error(error: unknown): void {
    if (!(error instanceof IcmpError)) return;
    if (error.code === 'ECONNREFUSED') {
      this.kind ??= 'closed-port';
      this.#refused += 1;
    } else if (error.mtu !== null) this.#tooBig.set(error.mtu, error.offender);
  }

  /** Until all are answered for, or the patience is at its end; a little longer for what comes twice. */
  async wait(sent: number, patienceMs: number, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + patienceMs;
    const done = (): boolean => this.#arrived() >= sent || (this.#silence?.endedAfter() ?? null) !== null;
    while (!done() && performance.now() < deadline) await sleep(10, undefined, { signal });
    await sleep(50, undefined, { signal });
  }

  outcome(): Omit<Outcome, 'sent' | 'failed' | 'source'> {
    const extra = [...this.#heard.values()].reduce((sum, times) => sum + times - 1, 0);
    return {
      probe: this.#probe,
      arrived: this.#arrived(),
      extra,
      damaged: this.#damaged,
      overtaken: this.#orders.filter((order, i) => this.#orders.some((other, j) => j > i && other < order)).length,
      arrivals: this.#arrivals,
      tooBig: [...this.#tooBig].map(([mtu, by]) => ({ mtu, by })),
      timeExceededMs: this.#silence?.endedAfter() ?? null,
    };
  }

  #arrived(): number {
    return Math.max(this.#heard.size, Math.min(this.#refused, this.#probe.count));
  }

  #report(arrival: Arrival): void {
    const index = arrival.sequence - this.#first;
    const ours = arrival.seed === this.#seed && index >= 0 && index < this.#probe.count;
    // A part without its first fragment names no datagram; the port says that it is one of ours.
    if (!ours && arrival.length !== null) return;
    this.kind ??= 'report';
    this.#arrivals.push(arrival);
    if (arrival.length === null) return;
    this.#note(index);
    if (arrival.intact === false) this.#damaged += 1;
    if (arrival.order !== null) this.#orders[index] ??= arrival.order;
  }

  #echo(payload: Uint8Array): void {
    const told = inspectPayload(payload);
    if (told === null || told.seed !== this.#seed) return;
    const index = told.sequence - this.#first;
    if (index < 0 || index >= this.#probe.count) return;
    this.kind ??= 'echo';
    if (told.firstWrong >= 0) this.#damaged += 1;
    this.#note(index);
  }

  #note(index: number): void {
    this.#heard.set(index, (this.#heard.get(index) ?? 0) + 1);
  }
}
