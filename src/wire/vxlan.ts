/**
 * VXLAN (RFC 7348 §5), in UDP: an Ethernet frame behind
 *
 *      0       4       8                                              31
 *     +-+-+-+-+-+-+-+-+-----------------------------------------------+
 *     |G|R|R|R|I|R|R|R| R D R R A R R R |          group policy       |
 *     +-+-+-+-+-+-+-+-+-------------------------------+---------------+
 *     |                      vni                      |   reserved    |
 *     +-----------------------------------------------+---------------+
 *
 * All but I and the vni is reserved: 0 when sent, ignored when received. G, D, A and the group policy are an extension
 * (draft-smith-vxlan-group-policy §2.1); a policy is no other network.
 */
import { isCarried } from './encapsulation.js';
import { HEADER_LEN as ETHERNET_HEADER_LEN, TRANSPARENT_ETHERNET } from './ethernet.js';
import type { NetworkLayer } from './network-layer.js';

/** IANA's port, and the one that Linux has used before there was one. */
export const PORTS: readonly number[] = [4789, 8472];

const HEADER_LEN = 8;
const I = 0x0800_0000;
const G = 0x8000_0000;
/** All that the extension has. */
const GROUP_POLICY = 0x8848_ffff;

/** Whether a VXLAN header begins at `at` of what ends at `end`. Where reserved bits are set, the frame behind it has to show it. */
export function isVxlan(view: DataView, at: number, end: number): boolean {
  if (at + HEADER_LEN > end) return false;
  const word = view.getUint32(at);
  if ((word & I) === 0) return false;
  const isKnown = word === I || ((word & G) !== 0 && (word & ~GROUP_POLICY) === 0);
  if (isKnown && view.getUint8(at + 7) === 0) return true;
  const inner = at + HEADER_LEN + ETHERNET_HEADER_LEN;
  return inner <= end && isCarried(view.getUint16(inner - 2));
}

/** Goes into the frame that the VXLAN header at `out.offset` has behind it. */
export function enterVxlan(view: DataView, out: NetworkLayer): void {
  if (out.nest('vxlan', view.getUint32(out.offset + 4) >>> 8)) out.step(HEADER_LEN, TRANSPARENT_ETHERNET);
}
