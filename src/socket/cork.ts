import { argumentError, ERRNO, systemError } from '../errors.js';
import type { SendResult } from './flight/datagram.js';
import type { SendOptions } from './options.js';

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
   * @throws UfoError EMSGSIZE; ERR_UFO_INVALID_ARGUMENT for any option in `to`. Nothing of the parts is taken then, what was
   *   collected before stays
   */
  add(parts: readonly Uint8Array[], to: SendOptions): Promise<SendResult> {
    const [option] = Object.entries(to).find(([, value]) => value !== undefined) ?? [];
    if (option !== undefined) {
      throw argumentError(`to.${option}`, 'a value', 'nothing while corked', 'give it to uncork');
    }
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
