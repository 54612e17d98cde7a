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

export function enterMacInMac(view: DataView, out: NetworkLayer): void {
  if (!out.has(TAG_LEN)) return;
  if (!out.nest('802.1ah', view.getUint32(out.offset) & 0xff_ffff)) return;
  out.step(TAG_LEN, TRANSPARENT_ETHERNET);
}
