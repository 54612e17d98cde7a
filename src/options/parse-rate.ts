import { argumentError } from '../errors.js';
import { scaled } from './parse-number.js';

/** How fast to send: `perSecond` of `unit`; bits are those of the IP packets. */
export interface RateWish {
  readonly perSecond: number;
  readonly unit: 'datagrams' | 'fragments' | 'bits';
}

const UNITS: Readonly<Record<string, RateWish['unit']>> = {
  '': 'datagrams',
  '/s': 'datagrams',
  dps: 'datagrams',
  fps: 'fragments',
  bit: 'bits',
  'bit/s': 'bits',
  bps: 'bits',
};

/**
 * `1000`, `1000/s`, `10kdps` datagrams; `500kfps` fragments; `1.5Gbit` bits of IP packets: per second, with the multiples that
 * every number has. Letters mean one thing each: `MBps`, which is octets, is not taken for Mbit.
 */
export function parseRate(text: string, name: string): RateWish {
  const match = /^([\d.]+)([KMG]i?|k|)(|\/s|dps|fps|bit|bit\/s|bps)$/.exec(text);
  const perSecond = match === null ? undefined : scaled(match[1]!, match[2]!);
  if (perSecond === undefined || !(perSecond > 0) || perSecond > 1e12) {
    throw argumentError(
      name,
      text,
      'datagrams a second (1000, 10k, 10kdps), fragments a second (500kfps) or bits a second (1.5Gbit), above 0',
      hintFor(text),
    );
  }
  return { perSecond, unit: UNITS[match![3]!]! };
}

/** What was probably meant by letters that mean something else, or nothing, here. */
function hintFor(text: string): string | undefined {
  if (/B(\/s|ps|yte)?$/.test(text) || /byte/i.test(text))
    return 'that is in octets: eight times as many bits, 8Mbit for 1 MB/s';
  return /[mg](|\/s|dps|fps|bit|bit\/s|bps)$/.test(text) ? 'mega is M and giga is G: 100Mbit' : undefined;
}
