import { runsOf, type SeenPayload, type Sighting } from '../sighting.js';
import type { Link } from './link.js';

/** What a sighting has beside what verdicts tell. */
export interface WholeSighting {
  readonly payload: SeenPayload;
  /** IPv4. */
  readonly df: boolean;
  /** IPv6. */
  readonly flowLabel: number;
  /** Octets of headers in each packet. */
  readonly headerLen: number;
  /** When the last packet came. */
  readonly time: number;
}

/** The headers of all its packets said the same. */
interface Same {
  readonly family: 4 | 6;
  readonly ttl: number;
  readonly tos: number;
  readonly link: Link;
}

/** The sighting of a datagram whose packets carry `lengths` octets of IP payload. */
export function sightingOf(same: Same, seen: WholeSighting, lengths: readonly number[]): Sighting {
  const { family, ttl, tos, link } = same;
  const { payload, df, flowLabel, headerLen, time } = seen;
  return {
    sizes: runsOf(lengths),
    largest: headerLen + lengths.reduce((most, len) => Math.max(most, len), 0),
    ttl: [ttl],
    tos: [tos],
    df: family === 4 ? [df] : [],
    flowLabel: family === 6 ? [flowLabel] : [],
    vlan: [link.vlan],
    payload,
    time,
    options: family === 4 ? '' : null,
    extensionHeaders: family === 6 ? '' : null,
  };
}
