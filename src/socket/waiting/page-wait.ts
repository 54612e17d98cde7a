import { ERRNO, systemError, UfoError } from '../../errors.js';
import type { PagePool } from '../../memory/page-pool.js';
import { WaitLine } from '../../skb/wait-line.js';

interface Waiter {
  /** Throws ENOMEM where there are still not enough pages. */
  readonly attempt: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Waiting for pages. The send budget keeps ordinary sends within the pool; a caller's own pages and the odd long run are
 * what it does not know of, and then somebody has to wait until a page comes back.
 *
 * Whoever waits is served in order, also where a later one would need fewer pages: datagrams keep their order, and nobody
 * starves.
 */
export class PageWait {
  readonly #waiters = new WaitLine<Waiter>();
  readonly #pending: () => boolean;
  #serving = false;

  /** @param pending whether pages are still on their way back; if not, waiting would be for ever and ENOMEM is thrown */
  constructor(pool: PagePool, pending: () => boolean) {
    this.#pending = pending;
    pool.onFree = () => {
      if (this.#waiters.size === 0 || this.#serving) return;
      this.#serving = true;
      queueMicrotask(() => this.#serve()); // a release gives back several pages, and what is on its way is only known after
    };
  }

  /** Whether somebody waits, behind whom everybody else has to stand. */
  get waiting(): boolean {
    return this.#waiters.size > 0;
  }

  /** What `take` gives, as soon as it does not fail with ENOMEM. */
  until<T>(take: () => T, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiters.leave(waiter);
        reject(signal?.reason);
        this.#serve(); // who stands behind may need less
      };
      const settle = <A>(how: (value: A) => void) => {
        return (value: A): void => {
          signal?.removeEventListener('abort', abort);
          how(value);
        };
      };
      const done = settle(resolve);
      const waiter: Waiter = { attempt: () => done(take()), fail: settle(reject) };
      if (signal?.aborted === true) reject(signal.reason);
      else if (this.#waiters.size > 0 || !this.#attempt(waiter)) {
        signal?.addEventListener('abort', abort, { once: true });
        this.#waiters.push(waiter);
      }
    });
  }

  /**
   * What `take` gives now.
   * @throws UfoError EAGAIN where pages are on their way back, or others wait for them
   */
  now<T>(take: () => T): T {
    if (this.#waiters.size === 0) {
      try {
        return take();
      } catch (error) {
        if (!isOutOfPages(error) || !this.#pending()) throw error;
      }
    }
    const hint = 'wait for completions (drain), or ask for more poolPages';
    throw systemError(ERRNO.EAGAIN, 'send', { reason: 'all user pages are in use', hint });
  }

  /** Turns away everyone who waits. */
  fail(error: UfoError): void {
    for (const waiter of this.#waiters.leaveAll()) waiter.fail(error);
  }

  #serve(): void {
    this.#serving = true; // pages that an attempt takes and gives back when it fails are no news
    for (let waiter = this.#waiters.peek(); waiter !== undefined; waiter = this.#waiters.peek()) {
      if (!this.#attempt(waiter)) break;
      this.#waiters.leave(waiter);
    }
    this.#serving = false;
  }

  /** Whether the waiter is done with, one way or the other. */
  #attempt(waiter: Waiter): boolean {
    try {
      waiter.attempt();
    } catch (error) {
      if (isOutOfPages(error)) {
        if (this.#pending()) return false;
        error.hint = 'dispose pages that are no longer needed, or ask for more poolPages';
      }
      waiter.fail(error);
    }
    return true;
  }
}

export function isOutOfPages(error: unknown): error is UfoError {
  return error instanceof UfoError && error.code === 'ENOMEM';
}
