import { networkInterfaces } from 'node:os';
import { AF_INET, AF_INET6 } from './constants.js';
import { libc } from './libc.js';

const SOCKADDR_IN_LEN = 16;
export const SOCKADDR_IN6_LEN = 28;

/**
 * Writes `struct sockaddr_in` or `sockaddr_in6` at `at` and returns its length. `scopeId` is the ifindex that a link-local
 * IPv6 address needs; it is left out for all others.
 */
export function putSockaddr(view: DataView, at: number, octets: Uint8Array, port: number, scopeId = 0): number {
  const family4 = octets.length === 4;
  view.setUint16(at, family4 ? AF_INET : AF_INET6, true);
  view.setUint16(at + 2, port);
  const bytes = new Uint8Array(view.buffer, view.byteOffset);
  if (family4) {
    bytes.set(octets, at + 4);
    bytes.fill(0, at + 8, at + SOCKADDR_IN_LEN);
    return SOCKADDR_IN_LEN;
  }
  view.setUint32(at + 4, 0); // flow label: none of ours
  bytes.set(octets, at + 8);
  view.setUint32(at + 24, isLinkLocal(octets) ? scopeId : 0, true);
  return SOCKADDR_IN6_LEN;
}

/** An address and port as system calls name them. */
export interface SocketEndpoint {
  /** 4 or 16 octets. */
  readonly address: Uint8Array;
  readonly port: number;
  /** ifindex of a link-local IPv6 address, otherwise 0. */
  readonly scopeId: number;
}

/** The endpoint that a system call wrote into `octets`, a copy; null where they hold none of either family. */
export function getSockaddr(octets: Uint8Array): SocketEndpoint | null {
  if (octets.length < SOCKADDR_IN_LEN) return null;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const family = view.getUint16(0, true);
  const port = view.getUint16(2);
  if (family === AF_INET) return { address: Uint8Array.from(octets.subarray(4, 8)), port, scopeId: 0 };
  if (family !== AF_INET6 || octets.length < SOCKADDR_IN6_LEN) return null;
  return { address: Uint8Array.from(octets.subarray(8, 24)), port, scopeId: view.getUint32(24, true) };
}

/** The scope id that an address text names behind `%`, an interface's name or ifindex; 0 where it names none. */
export function scopeIdOf(zone: string | undefined): number {
  return zone === undefined ? 0 : libc().if_nametoindex(zone) || Number(zone) || 0;
}

/** What names a scope behind an address: `%eth0`; nothing for scope 0. */
export function zoneText(scopeId: number): string {
  if (scopeId === 0) return '';
  const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some((one) => one.family === 'IPv6' && one.scopeid === scopeId),
  );
  return `%${found?.[0] ?? scopeId}`;
}

/** fe80::/10 and ff02::/16, which mean nothing without an interface. */
export function isLinkLocal(octets: Uint8Array): boolean {
  return (octets[0] === 0xfe && (octets[1]! & 0xc0) === 0x80) || (octets[0] === 0xff && (octets[1]! & 0x0f) === 2);
}
