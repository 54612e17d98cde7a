import {
  IP_OPTIONS,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_DSTOPTS,
  IPV6_HOPOPTS,
  IPV6_RTHDR,
  IPV6_RTHDRDSTOPTS,
} from '../../host/constants.js';
import { libc } from '../../host/libc.js';
import { lastError } from '../../host/socket-calls.js';
import type { ExtensionHeader, Flow } from '../../skb/flow.js';
import { iterateOptions, LSRR, SSRR } from '../../wire/ipv4-options.js';
import { DESTINATION_OPTIONS, HOP_BY_HOP, ROUTING } from '../../wire/ipv6-extension.js';
import { finalDestination } from '../../wire/ipv6-routing.js';

/** In front of the addresses of a source route: type, length, pointer. */
const ROUTE_HEAD = 3;

/**
 * Has a UDP socket put a flow's IPv4 options or IPv6 extension headers into what it sends (ip(7), RFC 3542 §4 to §9). The
 * kernel takes a source route the other way round: the first hop stands in the option, and the socket is told the final
 * destination.
 *
 * @returns where sendto(2) has to point
 * @throws UfoError of the system: EPERM without CAP_NET_RAW, EINVAL for what the kernel does not take
 */
export function setHeaderOptions(fd: number, { family, options, extensionHeaders, destination }: Flow): Uint8Array {
  if (family === 4) {
    if (options.length === 0) return destination;
    const { octets, final } = asSocketTakes(options, destination);
    setOctets(fd, IPPROTO_IP, IP_OPTIONS, octets);
    return final;
  }
  const routing = extensionHeaders.findIndex(({ type }) => type === ROUTING);
  extensionHeaders.forEach(({ type, octets }, i) => {
    setOctets(fd, IPPROTO_IPV6, stickyName(type, i < routing), octets);
  });
  return routing < 0 ? destination : routeEnd(extensionHeaders[routing]!, destination);
}

/** Options of the first packet, with the first hop in front of a route's addresses, and the last one taken out. */
function asSocketTakes(options: Uint8Array, firstHop: Uint8Array): { octets: Uint8Array; final: Uint8Array } {
  for (const { type, offset, len } of iterateOptions(options)) {
    const addresses = offset + ROUTE_HEAD;
    if ((type !== LSRR && type !== SSRR) || len < ROUTE_HEAD + 4) continue;
    const octets = options.slice();
    octets.set(firstHop, addresses);
    octets.set(options.subarray(addresses, offset + len - 4), addresses + 4);
    return { octets, final: options.slice(offset + len - 4, offset + len) };
  }
  return { octets: options, final: firstHop };
}

/** The option that makes an extension header stick to a socket. */
function stickyName(type: number, beforeRouting: boolean): number {
  if (type === HOP_BY_HOP) return IPV6_HOPOPTS;
  if (type === ROUTING) return IPV6_RTHDR;
  if (type !== DESTINATION_OPTIONS) throw new RangeError(`extension header ${type} is none that a socket takes`);
  return beforeRouting ? IPV6_RTHDRDSTOPTS : IPV6_DSTOPTS;
}

function routeEnd({ octets }: ExtensionHeader, firstHop: Uint8Array): Uint8Array {
  const final = new Uint8Array(firstHop.length);
  finalDestination(new DataView(octets.buffer, octets.byteOffset, octets.length), 0, firstHop, final);
  return final;
}

function setOctets(fd: number, level: number, name: number, value: Uint8Array): void {
  if (libc().setsockopt(fd, level, name, value, value.length) < 0) {
    throw lastError('setsockopt', { reason: `level ${level}, option ${name}` });
  }
}
