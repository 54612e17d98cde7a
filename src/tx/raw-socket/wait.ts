import { ERRNO } from '../../errors.js';
import { GrowingPause } from '../backpressure.js';
import type { RawSocketWrap } from './module.js';

/** One wait for room in the socket's buffer ends after this, heard of or not. */
const WRITABLE_MS = 100;

/**
 * Waiting for a raw socket to take more, without spinning. EAGAIN is the socket's own buffer: poll(2) tells when half of it
 * is free. After ENOBUFS there is a pause.
 */
export class RawSocketWait {
  readonly #wrap: RawSocketWrap;
  readonly #purge: () => void;
  readonly #pause = new GrowingPause();
  readonly #waiting = new Set<() => void>();
  readonly #onReady = (): void => this.wakeAll();
  /** POLLERR: libuv has stopped watching. The pause that comes with the next refusal keeps a lasting error from spinning. */
  readonly #onError = (): void => {
    this.#purge();
    if (this.#pause.ms === 0) this.#pause.grow();
    this.wakeAll();
  };

  constructor(wrap: RawSocketWrap, purgeErrorQueue: () => void) {
    this.#wrap = wrap;
    this.#purge = purgeErrorQueue;
    wrap.on('sendReady', this.#onReady);
    wrap.on('error', this.#onError);
  }

  /** Takes what the last send came to: 0 or −errno. */
  note(result: number): void {
    if (result === -ERRNO.ENOBUFS) this.#pause.grow();
    else if (result === 0) this.#pause.end();
  }

  /** Resolves when another send is worth trying; rejects with the signal's reason. */
  wait(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const poll = this.#pause.ms === 0;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#waiting.delete(wake);
        if (this.#waiting.size === 0) this.#wrap.pause(true, true);
      };
      const wake = (): void => {
        end();
        resolve();
      };
      const abort = (): void => {
        end();
        reject(signal?.reason);
      };
      const timer = setTimeout(wake, poll ? WRITABLE_MS : this.#pause.ms);
      signal?.addEventListener('abort', abort);
      this.#waiting.add(wake);
      if (poll) this.#wrap.pause(true, false);
    });
  }

  /** Ends every wait: there is room, or the socket is going to be closed. */
  wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
