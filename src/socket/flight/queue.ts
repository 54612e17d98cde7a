import { Fifo } from '../../memory/fifo.js';
import type { Datagram, DatagramSource } from './datagram.js';

interface Watch {
  queued: number;
  readonly stop: () => void;
}

/**
 * Datagrams waiting for their batch, first in, first out. Those whose signal is aborted while they wait are handed to
 * `withdrawn`. One listener serves all datagrams with the same signal: a stream queues hundreds.
 */
export class DatagramQueue implements DatagramSource {
  readonly #line = new Fifo<Datagram>();
  readonly #watches = new Map<AbortSignal, Watch>();
  readonly #withdrawn: (datagram: Datagram, reason: unknown) => void;

  constructor(withdrawn: (datagram: Datagram, reason: unknown) => void) {
    this.#withdrawn = withdrawn;
  }

  get length(): number {
    return this.#line.length;
  }

  peek(): Datagram | undefined {
    return this.#line.peek();
  }

  push(datagram: Datagram): void {
    this.#line.push(datagram);
    if (datagram.signal !== undefined) this.#watch(datagram.signal);
  }

  /** Takes the first one out; there is one. */
  shift(): Datagram {
    const datagram = this.#line.shift()!;
    if (datagram.signal !== undefined) this.#unwatch(datagram.signal);
    return datagram;
  }

  /** Hands over all to `withdrawn`. */
  withdrawAll(reason: unknown): void {
    for (const { stop } of this.#watches.values()) stop();
    this.#watches.clear();
    for (const datagram of this.#line.takeOut(() => true)) this.#withdrawn(datagram, reason);
  }

  #watch(signal: AbortSignal): void {
    const watch = this.#watches.get(signal);
    if (watch !== undefined) {
      watch.queued += 1;
      return;
    }
    const abort = (): void => this.#withdraw(signal);
    signal.addEventListener('abort', abort, { once: true });
    this.#watches.set(signal, { queued: 1, stop: () => signal.removeEventListener('abort', abort) });
  }

  #unwatch(signal: AbortSignal): void {
    const watch = this.#watches.get(signal)!;
    watch.queued -= 1;
    if (watch.queued > 0) return;
    watch.stop();
    this.#watches.delete(signal);
  }

  #withdraw(signal: AbortSignal): void {
    this.#watches.delete(signal);
    for (const datagram of this.#line.takeOut((waiting) => waiting.signal === signal))
      this.#withdrawn(datagram, signal.reason);
  }
}
