import { argumentError, ERRNO, systemError, type UfoError } from '../errors.js';
import { WaitLine } from './wait-line.js';

interface Waiter {
  readonly octets: number;
  readonly grant: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * The sender's memory account (sk_wmem_alloc and sk_sndbuf of struct sock): octets of memory that datagrams on their way
 * stand for, page by page, not octets of payload. Like the kernel it lets a datagram begin while there is any room at all,
 * so it goes over budget by at most one datagram. Who has to wait is served in order, and woken by completions.
 */
export class Sock {
  #sendBufferSize: number;
  /** Octets charged now. */
  wmemAlloc = 0;
  readonly #waiters = new WaitLine<Waiter>();

  constructor(sendBufferSize = 212_992) {
    this.#sendBufferSize = checkedSize(sendBufferSize);
  }

  /** Octets that may be charged before somebody has to wait. */
  get sendBufferSize(): number {
    return this.#sendBufferSize;
  }

  /** More room wakes who waits for it. */
  set sendBufferSize(octets: number) {
    this.#sendBufferSize = checkedSize(octets);
    this.#wake();
  }

  /** How many wait for room. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Adds to the account without asking. */
  charge(octets: number): void {
    this.wmemAlloc += octets;
  }

  /** Takes off the account, then wakes those who wait, first come first served. */
  uncharge(octets: number): void {
    if (octets > this.wmemAlloc) throw new Error(`${octets} octets uncharged, ${this.wmemAlloc} charged`);
    this.wmemAlloc -= octets;
    if (this.#waiters.size > 0) this.#wake();
  }

  /** Charges `octets` if there is room and nobody waits for it already. */
  tryWmem(octets: number): boolean {
    if (this.#waiters.size > 0 || this.wmemAlloc >= this.#sendBufferSize) return false;
    this.wmemAlloc += octets;
    return true;
  }

  /**
   * Charges `octets` or fails: the non-blocking way.
   * @throws UfoError EAGAIN.
   */
  takeWmem(octets: number): void {
    if (this.tryWmem(octets)) return;
    const hint = 'wait for completions (drain), or ask for a larger sendBufferSize';
    throw systemError(ERRNO.EAGAIN, 'send', { reason: `${this.wmemAlloc} octets on their way`, hint });
  }

  /**
   * Resolves once `octets` are charged, in the order of asking. Hand them to an skb (`allocSendSkb`) or give them back with
   * `uncharge`. Rejects with the signal's reason, or with what `failWaiters` was given.
   */
  waitForWmem(octets: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.tryWmem(octets)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiters.leave(waiter);
        reject(signal?.reason);
      };
      const settle = <A extends unknown[]>(how: (...args: A) => void) => {
        return (...args: A): void => {
          signal?.removeEventListener('abort', abort);
          how(...args);
        };
      };
      const waiter: Waiter = { octets, grant: settle(resolve), fail: settle(reject) };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** Turns away everyone who waits: the socket is closing. */
  failWaiters(error: UfoError): void {
    for (const waiter of this.#waiters.leaveAll()) waiter.fail(error);
  }

  #wake(): void {
    while (this.wmemAlloc < this.#sendBufferSize) {
      const waiter = this.#waiters.peek();
      if (waiter === undefined) return;
      this.#waiters.leave(waiter);
      this.wmemAlloc += waiter.octets;
      waiter.grant();
    }
  }
}

function checkedSize(octets: number): number {
  if (Number.isSafeInteger(octets) && octets >= 1) return octets;
  throw argumentError('sendBufferSize', octets, 'a whole number of octets, at least 1');
}
