import { argumentError } from '../errors.js';
import { scaledDecimal } from './parse-number.js';

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

/** `1000`, `1000/s`, `10kdps` datagrams; `500kfps` fragments; `1.5Gbit` bits of IP packets: per second, decimal multiples. */
export function parseRate(text: string, name: string): RateWish {
  const match = /^([\d.]+)([kmg]?)(|\/s|dps|fps|bit|bit\/s|bps)$/i.exec(text);
  const perSecond = match === null ? undefined : scaledDecimal(match[1]!, match[2]!);
  if (perSecond === undefined || !(perSecond > 0) || perSecond > 1e12) {
    throw argumentError(
      name,
      text,
      'datagrams a second (1000, 10k, 10kdps), fragments a second (500kfps) or bits a second (1.5Gbit), above 0',
    );
  }
  return { perSecond, unit: UNITS[match![3]!.toLowerCase()]! };
}
