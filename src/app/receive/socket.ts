import { isIPv6 } from 'node:net';
import { bindTo, localEnd } from '../../companion/socket.js';
import {
  AF_INET,
  AF_INET6,
  IP_ADD_MEMBERSHIP,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_ADD_MEMBERSHIP,
  IPV6_V6ONLY,
  MSG_DONTWAIT,
  SHUT_RD,
  SO_MEMINFO,
  SO_RCVBUF,
  SO_TIMESTAMPNS,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from '../../host/constants.js';
import { findInterface } from '../../host/interfaces.js';
import { libc } from '../../host/libc.js';
import { putSockaddr, SOCKADDR_IN6_LEN, scopeIdOf, zoneText } from '../../host/sockaddr.js';
import { getSockOptInt, lastError, openSocket, setRecvBuffer, setSockOptInt } from '../../host/socket-calls.js';
import { formatAddress, isMulticast, parseAddress } from '../../wire/address.js';

/**
 * Binds to `port` (0 for any) of `address`; `::` takes IPv4 as well; a group is joined on an interface, or on the one that routes
 * lead to. Asks for `bufferSize` octets of receive buffer, past net.core.rmem_max where we may: the default holds two datagrams
 * of 65,507 octets. @throws UfoError of the system (EADDRINUSE, EADDRNOTAVAIL), or for an interface that is none
 */
export async function openReceiveSocket(
  address: string,
  port: number,
  bufferSize: number,
  interfaceName?: string,
): Promise<ReceiveSocket> {
  const family = isIPv6(address) ? AF_INET6 : AF_INET;
  const fd = openSocket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  try {
    if (family === AF_INET6) setSockOptInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, address === '::' ? 0 : 1);
    setRecvBuffer(fd, bufferSize);
    setSockOptInt(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    const own = parseAddress(address)!;
    const name = own.zone ?? interfaceName;
    const ifindex = name === undefined ? 0 : scopeIdOf(name) || (await findInterface(name)).ifindex; // which says what is wrong
    bindTo(fd, { address: own.octets, port, scopeId: ifindex }); // without one a link-local group is refused, too (inet6_bind)
    if (isMulticast(own)) join(fd, own.octets, ifindex);
    return new ReceiveSocket(fd);
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/** A bound UDP socket of which the kernel tells when its datagrams came. */
export class ReceiveSocket implements Disposable {
  readonly fd: number;
  readonly address: string;
  readonly port: number;
  /** Octets that the buffer really has, bookkeeping of the kernel counted in (it doubles what is asked for). */
  readonly recvBufferSize: number;
  readonly #family: 4 | 6;
  readonly #name = new Uint8Array(SOCKADDR_IN6_LEN);

  /** Takes over the descriptor. */
  constructor(fd: number) {
    const { address, port, scopeId } = localEnd(fd);
    this.fd = fd;
    this.address = `${formatAddress(address)}${zoneText(scopeId)}`;
    this.port = port;
    this.recvBufferSize = getSockOptInt(fd, SOL_SOCKET, SO_RCVBUF);
    this.#family = address.length === 4 ? 4 : 6;
  }

  /** Sends a datagram at once, or not at all: whoever is to have it may have gone. */
  send(octets: Uint8Array, address: string, port: number): void {
    const mapped = this.#family === 6 && !address.includes(':') ? `::ffff:${address}` : address;
    const to = parseAddress(mapped)!;
    const nameLen = putSockaddr(new DataView(this.#name.buffer), 0, to.octets, port, scopeIdOf(to.zone));
    libc().sendto(this.fd, octets, octets.length, MSG_DONTWAIT, this.#name, nameLen);
  }

  /** Datagrams that this socket had no room for, or whose checksum was wrong; null where this kernel does not say. */
  get drops(): number | null {
    const meminfo = new Uint32Array(SK_MEMINFO_VARS);
    const ok = libc().getsockopt(this.fd, SOL_SOCKET, SO_MEMINFO, meminfo, Uint32Array.of(meminfo.byteLength)) === 0;
    return ok ? meminfo[SK_MEMINFO_DROPS]! : null;
  }

  /**
   * Ends a poll(2) for it at once, and its receiving. An unconnected socket says ENOTCONN, and does it all the same
   * (inet_shutdown).
   */
  wake(): void {
    libc().shutdown(this.fd, SHUT_RD);
  }

  [Symbol.dispose](): void {
    libc().close(this.fd);
  }
}

/** <linux/sock_diag.h>. */
const SK_MEMINFO_DROPS = 8;
const SK_MEMINFO_VARS = 9;

/** By the interface with that index, 0 for the one that routes lead to: `struct ip_mreqn`, `struct ipv6_mreq`. */
function join(fd: number, group: Uint8Array, ifindex: number): void {
  const isIPv4 = group.length === 4;
  const request = new Uint8Array(isIPv4 ? 12 : 20);
  request.set(group);
  new DataView(request.buffer).setInt32(request.length - 4, ifindex, true);
  const [level, name] = isIPv4 ? [IPPROTO_IP, IP_ADD_MEMBERSHIP] : [IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP];
  if (libc().setsockopt(fd, level, name, request, request.length) < 0) {
    throw lastError('setsockopt', { reason: `joining ${formatAddress(group)}` });
  }
}
