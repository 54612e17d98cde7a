import { type CutPacket, concat } from '../../compare/cuts/packet.js';
import { udpOffset, viewOf } from '../../faults/packet.js';
import { createFlow, type ExtensionHeader, type Flow } from '../../skb/flow.js';
import { formatAddress } from '../../wire/address.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { DESTINATION_OPTIONS, FRAGMENT, FRAGMENT_HEADER_LEN, HOP_BY_HOP, ROUTING } from '../../wire/ipv6-extension.js';
import * as udp from '../../wire/udp.js';

/** Headers that our UFO stage writes. */
const WRITTEN: readonly number[] = [HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS];

/**
 * The flow that the first packet of a datagram says it is of; or why there is none: it is no UDP, or has headers that we do
 * not write.
 * @throws argument errors for options and headers that are none
 */
export function flowOf(first: CutPacket, fragmented: boolean, mtu: number): Flow | string {
  const at = udpOffset(first);
  if (at < 0) return 'no UDP header in its first fragment';
  const { family, header, payload } = first;
  const view = viewOf(header);
  const upper = viewOf(payload);
  const ports = { sourcePort: udp.getSourcePort(upper, at), destinationPort: udp.getDestinationPort(upper, at) };
  if (ports.destinationPort === 0) return 'port 0';
  if (family === 4) {
    return createFlow({
      ...ports,
      mtu,
      source: formatAddress(header, ipv4.SOURCE, 4),
      destination: formatAddress(header, ipv4.DESTINATION, 4),
      ttl: ipv4.getTtl(view, 0),
      tos: ipv4.getTos(view, 0),
      dontFragment: !fragmented && ipv4.getDontFragment(view, 0),
      options: header.slice(ipv4.HEADER_LEN),
    });
  }
  const extensionHeaders = extensionsOf(first, at);
  if (typeof extensionHeaders === 'string') return extensionHeaders;
  return createFlow({
    ...ports,
    mtu,
    source: formatAddress(header, ipv6.SOURCE, 6),
    destination: formatAddress(header, ipv6.DESTINATION, 6),
    ttl: ipv6.getHopLimit(view, 0),
    tos: ipv6.getTrafficClass(view, 0),
    flowLabel: ipv6.getFlowLabel(view, 0),
    extensionHeaders,
  });
}

/** All extension headers in front of UDP but the fragment header, wherever that stands. */
function extensionsOf({ header, payload }: CutPacket, upper: number): ExtensionHeader[] | string {
  const octets = concat([header, payload.subarray(0, upper)]);
  const found: ExtensionHeader[] = [];
  for (let at: number = ipv6.HEADER_LEN, type = octets[ipv6.NEXT_HEADER]!; at < octets.length; ) {
    const len = type === FRAGMENT ? FRAGMENT_HEADER_LEN : 8 * (octets[at + 1]! + 1);
    if (type !== FRAGMENT && !WRITTEN.includes(type)) return `an extension header of type ${type}`;
    if (type !== FRAGMENT) found.push({ type, octets: octets.slice(at, at + len) });
    type = octets[at]!;
    at += len;
  }
  return found;
}

/** Octets of UDP payload that the first fragment says the datagram has; −1 where it does not come with its UDP header. */
export function saidSize(packet: CutPacket): number {
  const at = udpOffset(packet);
  return at < 0 ? -1 : udp.getLength(viewOf(packet.payload), at) - udp.HEADER_LEN;
}
