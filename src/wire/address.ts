import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An IP address as octets in wire order: 4 for IPv4, 16 for IPv6. */
export interface Address {
  readonly family: 4 | 6;
  readonly octets: Uint8Array;
  /** What follows `%` in `fe80::1%eth0`: the interface of a link-local address. */
  readonly zone?: string;
}

/**
 * The address written in `text`; null where it is none. Strict, as `inet_pton`: IPv4 only as four decimal numbers without
 * leading zeros, so that `1.2` and `010.0.0.1` are refused and not guessed at.
 */
export function parseAddress(text: string): Address | null {
  const family = isIP(text);
  if (family === 0) return null;
  const [address, zone] = text.split('%');
  // Not ipaddr.parse: it tries IPv6 first, whose regular expressions take milliseconds to compile.
  const octets = Uint8Array.from((family === 4 ? ipaddr.IPv4 : ipaddr.IPv6).parse(address!).toByteArray());
  if (family === 4) return { family, octets };
  return zone === undefined ? { family: 6, octets } : { family: 6, octets, zone };
}

/** 224.0.0.0/4 and ff00::/8. */
export function isMulticast({ family, octets }: Address): boolean {
  return family === 4 ? octets[0]! >> 4 === 0xe : octets[0] === 0xff;
}

/** The address at `offset` in canonical text (RFC 5952); without `family` all octets from `offset` are the address. */
export function formatAddress(octets: Uint8Array, offset = 0, family?: 4 | 6): string {
  const len = family === undefined ? octets.length - offset : family === 4 ? 4 : 16;
  if (len === 4) return octets.subarray(offset, offset + 4).join('.');
  const address = new ipaddr.IPv6([...octets.subarray(offset, offset + 16)]);
  // Mixed notation for the well-known prefix, RFC 5952 §5.
  return address.isIPv4MappedAddress() ? `::ffff:${address.toIPv4Address()}` : address.toRFC5952String();
}
