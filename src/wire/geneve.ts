/**
 * Geneve (RFC 8926 §3.4), in UDP:
 *
 *      0   2           8               16                             31
 *     +---+-----------+-+-+-----------+-------------------------------+
 *     |ver|  optLen   |O|C|  reserved |           protocol            |
 *     +---+-----------+-+-+-----------+---------------+---------------+
 *     |                      vni                      |   reserved    |
 *     +-----------------------------------------------+---------------+
 *     |              options, optLen × 4 octets                       |
 *
 * `protocol` is an EtherType; 0x6558 is an Ethernet frame.
 */
import { isCarried } from './encapsulation.js';
import { MAX_LENGTH } from './llc.js';
import type { NetworkLayer } from './network-layer.js';

export const PORT = 6081;

const HEADER_LEN = 8;
const OPT_LEN_MASK = 0x3f;
const RESERVED_MASK = 0x3f;

/**
 * Whether a Geneve header, its options too, begins at `at` of what ends at `end`. Reserved bits are ignored when received, but
 * where some are set the protocol has to show it.
 */
export function isGeneve(view: DataView, at: number, end: number): boolean {
  if (at + HEADER_LEN > end || view.getUint8(at) >>> 6 !== 0 || at + headerLen(view, at) > end) return false;
  const reserved = (view.getUint8(at + 1) & RESERVED_MASK) | view.getUint8(at + 7);
  const protocol = view.getUint16(at + 2);
  return reserved === 0 ? protocol > MAX_LENGTH : isCarried(protocol);
}

/** Goes into what the Geneve header at `out.offset` has behind it. */
export function enterGeneve(view: DataView, out: NetworkLayer): void {
  const { offset } = out;
  const vni = view.getUint32(offset + 4) >>> 8;
  if (out.nest('geneve', vni)) out.step(headerLen(view, offset), view.getUint16(offset + 2));
}

function headerLen(view: DataView, at: number): number {
  return HEADER_LEN + 4 * (view.getUint8(at) & OPT_LEN_MASK);
}
