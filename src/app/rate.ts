import { setTimeout as sleep } from 'node:timers/promises';
import type { Pacer } from '../socket/options.js';

/** How fast to send: `perSecond` of `unit`; bits are those of the IP packets. */
export interface RateWish {
  readonly perSecond: number;
  readonly unit: 'datagrams' | 'fragments' | 'bits';
}

/** Time that may be caught up after a stall, milliseconds: longer bursts would overrun queues on the way. */
const CATCH_UP = 5;

/**
 * Lets a datagram go when all before it have used up their time at the rate wished for. Timers are no finer than 1 ms, so
 * fast streams go in bursts of about that long.
 */
export function createPacer({ perSecond, unit }: RateWish): Pacer {
  const cost = 1000 / perSecond;
  let next = 0;
  return {
    ready(packets, bits, signal) {
      const now = performance.now();
      const wait = next - now;
      next = Math.max(next, now - CATCH_UP) + cost * (unit === 'datagrams' ? 1 : unit === 'fragments' ? packets : bits);
      return wait < 1 ? undefined : sleep(wait, undefined, signal === undefined ? {} : { signal });
    },
  };
}
