import type { RateWish } from '../../options/parse-rate.js';
import type { SentCounts } from '../../socket/flight/counts.js';
import type { PathInfo } from '../../socket/path/info.js';
import { FRAGMENT_HEADER_LEN } from '../../wire/ipv6-extension.js';
import * as udp from '../../wire/udp.js';
import { figure } from '../common/figures.js';

/** What became of a rate that was asked for; bits are those of IP packets, as the pacer counts them. */
export interface HeldRate extends RateWish {
  readonly got: number;
  readonly held: boolean;
}

/** Part of the rate that counts as held: what is told then is the machine's doing, not ours. */
const HELD = 0.98;
/** In less nothing can be told of a rate: one wait that is late, as they are on a busy machine, is too large a part of it. */
const LEAST_SECONDS = 0.5;

/**
 * Null where none was asked for, or too few datagrams went, in too short a time, to tell.
 * @param seconds from the first datagram to the last, and as long for the last as for each of the others
 */
export function heldRate(
  wish: RateWish | undefined,
  tally: SentCounts,
  seconds: number,
  {
    family,
    headerLen,
    chainLen,
    byTime,
  }: Pick<PathInfo, 'family' | 'headerLen' | 'chainLen'> & { readonly byTime: boolean },
): HeldRate | null {
  const { datagrams, fragments, octets } = tally;
  if (wish === undefined || datagrams < 2 || seconds <= 0) return null;
  const cut = fragments > datagrams;
  const header = headerLen + (family === 6 && cut ? FRAGMENT_HEADER_LEN : 0);
  const bits = 8 * (octets + (chainLen + udp.HEADER_LEN) * datagrams + header * fragments);
  const units = { datagrams, fragments, bits }[wish.unit];
  const each = units / datagrams;
  // Where the time ended it, the wait for the one that did not go counts too.
  const got = units / seconds;
  const held = got + (byTime ? each / seconds : 0) >= HELD * wish.perSecond;
  return seconds < LEAST_SECONDS ? null : { ...wish, got, held };
}

const UNIT = { datagrams: 'datagrams/s', fragments: 'packets/s', bits: 'Mbit/s of IP packets' } as const;

/** `wanted 10,000 datagrams/s, got 5,100: …`, in the unit asked for. */
export function heldRateText({ perSecond, unit, got, held }: HeldRate): string {
  const scale = unit === 'bits' ? 1e6 : 1;
  const text = `${figure(got / scale)} ${UNIT[unit]}`;
  if (held) return `rate held: ${text}`;
  return (
    `wanted ${figure(perSecond / scale)} ${UNIT[unit]}, got ${text}: ` +
    'this driver on this machine does not go faster; --driver auto or --queues may'
  );
}
