import { UfoError } from '../errors.js';
import type { PagePool } from '../memory/page-pool.js';

/**
 * Waiting for pages. The send budget keeps ordinary sends within the pool; a caller's own pages and the odd long run are
 * what it does not know of, and then somebody has to wait until a page comes back.
 */
export class PageWait {
  #waiters: (() => void)[] = [];

  constructor(pool: PagePool) {
    pool.onFree = () => {
      if (this.#waiters.length > 0) this.#wake();
    };
  }

  /**
   * What `take` gives, as soon as it does not fail with ENOMEM.
   * @param pending whether pages are still on their way back; if not, waiting would be for ever and ENOMEM is thrown
   */
  async until<T>(take: () => T, pending: () => boolean, signal?: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return take();
      } catch (error) {
        if (!(error instanceof UfoError) || error.code !== 'ENOMEM') throw error;
        if (!pending()) {
          error.hint = 'dispose pages that are no longer needed, or ask for more poolPages';
          throw error;
        }
      }
      await this.#freed(signal);
    }
  }

  #freed(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(wake), 1);
        reject(signal?.reason);
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      if (signal?.aborted) reject(signal.reason);
      else {
        signal?.addEventListener('abort', abort, { once: true });
        this.#waiters.push(wake);
      }
    });
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
