/**
 * IEEE 802.1ah, a provider's backbone: an Ethernet frame behind an I-tag (802.1Q §9.7).
 *
 *      0     3 4 5     8                                              31
 *     +-----+-+-+-----+-----------------------------------------------+
 *     | pcp |d|u| res |                     iSid                      |
 *     +-----+-+-+-----+-----------------------------------------------+
 *     |   the customer's destination, source, EtherType …             |
 */
import { TRANSPARENT_ETHERNET } from './ethernet.js';
import type { NetworkLayer } from './network-layer.js';

export const ETHERTYPE_MAC_IN_MAC = 0x88e7;

const TAG_LEN = 4;
/** The last two of the reserved bits: a frame in which they are not 0 is to be discarded. */
const RES2 = 0x300_0000;

export function enterMacInMac(view: DataView, out: NetworkLayer): void {
  if (!out.has(TAG_LEN)) return;
  const tag = view.getUint32(out.offset);
  if ((tag & RES2) !== 0) out.stop('802.1ah', tag >>> 24);
  else if (!out.nest('802.1ah', tag & 0xff_ffff)) return;
  else out.step(TAG_LEN, TRANSPARENT_ETHERNET);
}
