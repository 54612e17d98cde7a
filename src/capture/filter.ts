import { isIP } from 'node:net';
import { argumentError } from '../errors.js';

/** Which datagrams a capture is about. */
export interface FilterWish {
  /** An address literal, or two of them for one conversation. */
  readonly hosts?: readonly string[];
  /** Default: both families, or that of the hosts. */
  readonly family?: 4 | 6;
  /** Where the link may carry VLAN tags. */
  readonly vlan?: boolean;
}

/** Filters of one wish: for a link without VLAN tags, and for Ethernet, which may carry them. */
export interface LinkFilters {
  readonly filter: string;
  readonly ethernetFilter: string;
}

/** As `udpFilter`, for whatever link type the interface turns out to have. */
export function udpFilters(wish: Omit<FilterWish, 'vlan'> = {}): LinkFilters {
  return { filter: udpFilter(wish), ethernetFilter: udpFilter({ ...wish, vlan: true }) };
}

/**
 * A BPF filter for UDP datagrams, whole or in fragments, by host and protocol. Never by port: only the first fragment has
 * one. In IPv6 the protocol of a later fragment stands behind its extension headers, at no fixed place (`ip6 protochain`
 * would walk them, but as a loop, which the kernel takes no filter with), so the whole of IPv6 between the hosts is taken.
 *
 * Throws `ERR_UFO_INVALID_ARGUMENT` for a host that is no address, and for hosts of both families.
 */
export function udpFilter({ hosts = [], family, vlan = false }: FilterWish = {}): string {
  const families = new Set(hosts.map(familyOf));
  if (family !== undefined) families.add(family);
  if (families.size > 1) throw argumentError('host', hosts.join(', '), 'addresses of one family');
  const only = [...families][0];
  const of4 = conjunction(['ip proto 17', ...hosts.map((host) => `host ${host}`)]);
  const of6 = conjunction(['ip6', ...hosts.map((host) => `host ${withoutZone(host)}`)]);
  const plain = only === 4 ? of4 : only === 6 ? of6 : `${of4} or ${of6}`;
  // `vlan` moves the offsets of all that follows it, so it comes last, and once more for a second tag.
  return vlan ? `${parenthesized(plain)} or (vlan and (${plain} or (vlan and ${parenthesized(plain)})))` : plain;
}

function familyOf(host: string): 4 | 6 {
  const family = isIP(host);
  if (family === 0) throw argumentError('host', host, 'an IPv4 or IPv6 address');
  return family === 4 ? 4 : 6;
}

function conjunction(terms: readonly string[]): string {
  return terms.join(' and ');
}

function parenthesized(filter: string): string {
  return `(${filter})`;
}

/** `fe80::1%eth0`: a zone is no part of what is on the wire. */
function withoutZone(host: string): string {
  return host.split('%')[0]!;
}
