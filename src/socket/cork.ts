import { ERRNO, systemError } from '../errors.js';
import type { SendResult } from './datagram.js';

/** Largest UDP payloads without options or extension headers, which `uncork` learns of. */
const MOST = { 4: 65_507, 6: 65_527 } as const;

/** A datagram being collected (MSG_MORE): its parts, copied, and who waits for its result. */
export class Cork {
  readonly parts: Uint8Array[] = [];
  readonly #most: number;
  readonly #waiting: ((result: Promise<SendResult>) => void)[] = [];
  #len = 0;

  constructor(family: 4 | 6) {
    this.#most = MOST[family];
  }

  /**
   * Takes parts; the promise is the datagram's. It need not be awaited: `uncork` tells of a failure.
   * @throws UfoError EMSGSIZE: nothing of them is taken, what was collected before stays
   */
  add(parts: readonly Uint8Array[]): Promise<SendResult> {
    const len = parts.reduce((sum, part) => sum + part.length, this.#len);
    if (len > this.#most) {
      const reason = `${len} octets collected, a datagram carries ${this.#most}`;
      throw systemError(ERRNO.EMSGSIZE, 'send', { reason, hint: 'uncork before' });
    }
    this.#len = len;
    this.parts.push(...parts.map((part) => new Uint8Array(part)));
    const result = new Promise<SendResult>((resolve) => this.#waiting.push(resolve));
    result.catch(() => {});
    return result;
  }

  /** Everyone who waits gets this. */
  settle(result: Promise<SendResult>): void {
    result.catch(() => {});
    for (const resolve of this.#waiting) resolve(result);
  }
}
