import type { ManyOptions } from '../options.js';
import type { Peer } from '../path/peer.js';
import { abortable } from '../waiting/abortable.js';
import type { Works } from '../waiting/works.js';

/** Waits until a datagram of so many octets of payload may go; undefined: it may go at once. */
export type Pace = (peer: Peer, len: number) => Promise<void> | undefined;

/**
 * The pacer of a stream, if it has one. The stream's signal ends its waits, and so does closing, also where the pacer is a
 * user's that heeds neither.
 */
export function paceOf({ pacer, signal }: Pick<ManyOptions, 'pacer' | 'signal'>, { closed }: Works): Pace | null {
  if (pacer === undefined) return null;
  const ended = signal === undefined ? closed : AbortSignal.any([signal, closed]);
  return (peer, len) => {
    const ready = pacer.ready(peer.packets(len), 8 * peer.octets(len), ended);
    return ready === undefined ? undefined : abortable(ready, ended);
  };
}
