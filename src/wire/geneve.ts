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
import type { NetworkLayer } from './network-layer.js';

export const PORT = 6081;

const HEADER_LEN = 8;
const OPT_LEN_MASK = 0x3f;
const RESERVED_MASK = 0x3f;

/** False where this is no Geneve header: a port is no proof. */
export function enterGeneve(view: DataView, out: NetworkLayer): boolean {
  const { offset, end } = out;
  if (offset + HEADER_LEN > end) return false;
  const first = view.getUint8(offset);
  const isGeneve =
    first >>> 6 === 0 && (view.getUint8(offset + 1) & RESERVED_MASK) === 0 && view.getUint8(offset + 7) === 0;
  const len = HEADER_LEN + 4 * (first & OPT_LEN_MASK);
  if (!isGeneve || offset + len > end) return false;
  if (out.nest('geneve', view.getUint32(offset + 4) >>> 8)) out.step(len, view.getUint16(offset + 2));
  return true;
}
