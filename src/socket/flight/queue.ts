import type { Datagram, DatagramSource } from './datagram.js';

/** Entries already taken may stay in the array up to this number, or half of it, before it is cut. */
const KEEP = 256;

interface Watch {
  queued: number;
  readonly stop: () => void;
}

/**
 * Datagrams waiting for their batch, first in, first out. Those whose signal is aborted while they wait are handed to
 * `withdrawn`. One listener serves all datagrams with the same signal: a stream queues hundreds.
 */
export class DatagramQueue implements DatagramSource {
  #items: Datagram[] = [];
  #head = 0;
  readonly #watches = new Map<AbortSignal, Watch>();
  readonly #withdrawn: (datagram: Datagram) => void;

  constructor(withdrawn: (datagram: Datagram) => void) {
    this.#withdrawn = withdrawn;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  peek(): Datagram | undefined {
    return this.#items[this.#head];
  }

  push(datagram: Datagram): void {
    this.#items.push(datagram);
    if (datagram.signal !== undefined) this.#watch(datagram.signal);
  }

  /** Takes the first one out; there is one. */
  shift(): Datagram {
    const datagram = this.#items[this.#head++]!;
    if (this.#head > KEEP && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    if (datagram.signal !== undefined) this.#unwatch(datagram.signal);
    return datagram;
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
    const waiting = this.#items.slice(this.#head);
    this.#head = 0;
    this.#items = waiting.filter((datagram) => datagram.signal !== signal);
    for (const datagram of waiting) if (datagram.signal === signal) this.#withdrawn(datagram);
  }
}
