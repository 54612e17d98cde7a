import { HEADER_LEN as IPV6_HEADER_LEN } from '../../wire/ipv6.js';
import { NetworkLayer, networkLayer } from '../../wire/link-layer.js';

/** npm `cap` fixes libpcap's snaplen at this. */
export const SNAPLEN = 65_535;

const layer = new NetworkLayer();

/**
 * Octets that a frame which reaches the snaplen had on the wire, from its IP header: cap says nothing of libpcap's own cut,
 * and a 65,535-octet IP packet behind an Ethernet header is longer than the snaplen. Never less than `caplen`; `caplen`
 * where the frame is no IP.
 */
export function wireLength(view: DataView, caplen: number, linktype: number): number {
  if (!networkLayer(view, 0, caplen, linktype, layer) || layer.len < IPV6_HEADER_LEN) return caplen;
  // Total Length (RFC 791 3.1) counts the header, Payload Length (RFC 8200 3) does not.
  const ipLen =
    layer.family === 4 ? view.getUint16(layer.offset + 2) : IPV6_HEADER_LEN + view.getUint16(layer.offset + 4);
  return Math.max(caplen, layer.offset + ipLen);
}
