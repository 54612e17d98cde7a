import { AF_INET, AF_INET6 } from '../host/constants.js';

export const SOCKADDR_IN_LEN = 16;
export const SOCKADDR_IN6_LEN = 28;
const FAMILY = 0;
const PORT = 2;
const ADDRESS_4 = 4;
const ADDRESS_6 = 8;
const SCOPE_6 = 24;

/** An address and port as system calls name them. */
export interface SocketEndpoint {
  /** 4 or 16 octets. */
  readonly address: Uint8Array;
  readonly port: number;
  /** Interface of a link-local IPv6 address; 0 where none is meant. */
  readonly scopeId: number;
}

/** `struct sockaddr_in` or `sockaddr_in6`: family native, port in network order. */
export function encodeSockaddr({ address, port, scopeId }: SocketEndpoint): Uint8Array {
  const octets = new Uint8Array(address.length === 4 ? SOCKADDR_IN_LEN : SOCKADDR_IN6_LEN);
  const view = new DataView(octets.buffer);
  view.setUint16(FAMILY, address.length === 4 ? AF_INET : AF_INET6, true);
  view.setUint16(PORT, port);
  octets.set(address, address.length === 4 ? ADDRESS_4 : ADDRESS_6);
  if (address.length === 16) view.setUint32(SCOPE_6, scopeId, true);
  return octets;
}

/** The endpoint in `octets`, a copy; null where they hold none of either family. */
export function decodeSockaddr(octets: Uint8Array): SocketEndpoint | null {
  if (octets.length < SOCKADDR_IN_LEN) return null;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const family = view.getUint16(FAMILY, true);
  const port = view.getUint16(PORT);
  if (family === AF_INET) return { address: octets.slice(ADDRESS_4, ADDRESS_4 + 4), port, scopeId: 0 };
  if (family !== AF_INET6 || octets.length < SOCKADDR_IN6_LEN) return null;
  return { address: octets.slice(ADDRESS_6, ADDRESS_6 + 16), port, scopeId: view.getUint32(SCOPE_6, true) };
}
