/**
 * VXLAN (RFC 7348 §5), in UDP: an Ethernet frame behind
 *
 *      0       4       8                                              31
 *     +-+-+-+-+-+-+-+-+-----------------------------------------------+
 *     |R|R|R|R|I|R|R|R|                   reserved                    |
 *     +-+-+-+-+-+-+-+-+-------------------------------+---------------+
 *     |                      vni                      |   reserved    |
 *     +-----------------------------------------------+---------------+
 */
import { TRANSPARENT_ETHERNET } from './ethernet.js';
import type { NetworkLayer } from './network-layer.js';

/** IANA's port, and the one that Linux has used before there was one. */
export const PORTS: readonly number[] = [4789, 8472];

const HEADER_LEN = 8;
/** The I flag alone, and all reserved bits of that word 0. */
const FLAGS = 0x0800_0000;

/** False where this is no VXLAN header: a port is no proof. */
export function enterVxlan(view: DataView, out: NetworkLayer): boolean {
  const { offset, end } = out;
  if (offset + HEADER_LEN > end || view.getUint32(offset) !== FLAGS || view.getUint8(offset + 7) !== 0) return false;
  if (out.nest('vxlan', view.getUint32(offset + 4) >>> 8)) out.step(HEADER_LEN, TRANSPARENT_ETHERNET);
  return true;
}
