import type { EventEmitter } from 'node:events';
import type { SocketEvents } from '../events.js';

/**
 * A promise whose failure is told to `unobserved` when nobody has asked for its outcome by the next turn of the loop: an
 * un-awaited send then becomes an event instead of an unhandled rejection, which would end the process.
 */
export class ObservedPromise<T> extends Promise<T> {
  #observed = false;

  static from<T>(promise: Promise<T>, unobserved: (error: unknown) => void): ObservedPromise<T> {
    const observed = new ObservedPromise<T>((resolve, reject) => promise.then(resolve, reject));
    // Asked through Promise itself, so that this one does not count as asking.
    Promise.prototype.then.call(observed, undefined, (error: unknown) => {
      setImmediate(() => {
        if (!observed.#observed) unobserved(error);
      });
    });
    return observed;
  }

  /** What is chained to it is an ordinary promise again. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise has one, and this is where being asked shows
  override then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#observed = true;
    return super.then(fulfilled, rejected);
  }
}

/** Tells a socket's owner what failed with nobody waiting for it: as an `error` event, or as a warning of the process. */
export class Reports {
  readonly #events: EventEmitter<SocketEvents>;
  readonly #warned = new Set<string>();

  constructor(events: EventEmitter<SocketEvents>) {
    this.#events = events;
  }

  observed<T>(promise: Promise<T>): Promise<T> {
    return ObservedPromise.from(promise, (error) => this.tell(error));
  }

  /** @param kind what is warned of only once: who forges ICMP can make any number of errors */
  tell(cause: unknown, kind?: string): void {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    if (this.#events.listenerCount('error') > 0) {
      this.#events.emit('error', error);
      return;
    }
    if (kind !== undefined && this.#warned.has(kind)) return;
    if (kind !== undefined) this.#warned.add(kind);
    process.emitWarning(error);
  }
}
