import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IP_FREEBIND,
  IP_MTU,
  IP_MTU_DISCOVER,
  IP_PMTUDISC_WANT,
  IP_RECVERR,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_FREEBIND,
  IPV6_MTU,
  IPV6_MTU_DISCOVER,
  IPV6_RECVERR,
  IPV6_V6ONLY,
  SO_BROADCAST,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from '../host/constants.js';
import { libc } from '../host/libc.js';
import { getSockaddr, putSockaddr, SOCKADDR_IN6_LEN, type SocketEndpoint } from '../host/sockaddr.js';
import {
  bindToDevice,
  getSockOptInt,
  lastError,
  openSocket,
  setRecvBuffer,
  setSockOptInt,
} from '../host/socket-calls.js';
import { formatAddress } from '../wire/address.js';

/** The system calls of a UDP socket of our own. All throw system errors. */

/** A UDP socket, IPv6 without IPv4 mapped into it, that learns path MTUs. */
export function openUdp(family: 4 | 6): number {
  const fd = openSocket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setSockOptInt(fd, SOL_SOCKET, SO_BROADCAST, 1);
  if (family === 4) {
    setSockOptInt(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_WANT);
  } else {
    setSockOptInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    setSockOptInt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IP_PMTUDISC_WANT);
  }
  return fd;
}

/** Makes the socket keep ICMP errors, and lets it have an address that is not this host's. */
export function prepareToHear(fd: number, family: 4 | 6, recvBufferSize: number): void {
  if (family === 4) {
    setSockOptInt(fd, IPPROTO_IP, IP_RECVERR, 1);
    setSockOptInt(fd, IPPROTO_IP, IP_FREEBIND, 1);
  } else {
    setSockOptInt(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
    setSockOptInt(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
  }
  setRecvBuffer(fd, recvBufferSize);
}

export function bindTo(fd: number, endpoint: SocketEndpoint): void {
  const name = sockaddrOf(endpoint);
  if (libc().bind(fd, name, name.length) < 0) throw lastError('bind', where(endpoint));
}

export function connectTo(fd: number, endpoint: SocketEndpoint): void {
  const name = sockaddrOf(endpoint);
  if (libc().connect(fd, name, name.length) < 0) throw lastError('connect', where(endpoint));
}

/** Undoes `connectTo`. Linux takes the port away too where the kernel had chosen it. */
export function disconnect(fd: number): void {
  const name = new Uint8Array(16);
  new DataView(name.buffer).setUint16(0, AF_UNSPEC, true);
  if (libc().connect(fd, name, name.length) < 0) throw lastError('connect');
}

export function localEnd(fd: number): SocketEndpoint {
  const name = new Uint8Array(SOCKADDR_IN6_LEN);
  const nameLen = Uint32Array.of(name.length);
  if (libc().getsockname(fd, name, nameLen) < 0) throw lastError('getsockname');
  return getSockaddr(name.subarray(0, nameLen[0]!))!;
}

/** Octets that the path to an endpoint carries as far as the kernel knows now; asked through a socket of its own. */
export function probePathMtu(endpoint: SocketEndpoint, interfaceName?: string): number {
  const family = endpoint.address.length === 4 ? 4 : 6;
  const fd = openUdp(family);
  try {
    if (interfaceName !== undefined) bindToDevice(fd, interfaceName);
    connectTo(fd, endpoint);
    return family === 4 ? getSockOptInt(fd, IPPROTO_IP, IP_MTU) : getSockOptInt(fd, IPPROTO_IPV6, IPV6_MTU);
  } finally {
    libc().close(fd);
  }
}

function sockaddrOf({ address, port, scopeId }: SocketEndpoint): Uint8Array {
  const octets = new Uint8Array(SOCKADDR_IN6_LEN);
  return octets.subarray(0, putSockaddr(new DataView(octets.buffer), 0, address, port, scopeId));
}

function where({ address, port }: SocketEndpoint): { address: string; port: number } {
  return { address: formatAddress(address), port };
}
