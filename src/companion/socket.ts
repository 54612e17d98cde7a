import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IP_FREEBIND,
  IP_MTU,
  IP_MTU_DISCOVER,
  IP_MULTICAST_IF,
  IP_PMTUDISC_WANT,
  IP_RECVERR,
  IP_UNICAST_IF,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_FREEBIND,
  IPV6_MTU,
  IPV6_MTU_DISCOVER,
  IPV6_MULTICAST_IF,
  IPV6_RECVERR,
  IPV6_UNICAST_IF,
  IPV6_V6ONLY,
  SO_BINDTOIFINDEX,
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

/**
 * A UDP socket that learns path MTUs.
 * @param ipv6Only without IPv4 mapped into IPv6
 */
export function openUdp(family: 4 | 6, ipv6Only = true): number {
  const fd = openSocket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  try {
    setSockOptInt(fd, SOL_SOCKET, SO_BROADCAST, 1);
    if (family === 4) {
      setSockOptInt(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_WANT);
    } else {
      setSockOptInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, Number(ipv6Only));
      setSockOptInt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IP_PMTUDISC_WANT);
    }
    return fd;
  } catch (error) {
    libc().close(fd);
    throw error;
  }
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
  if (libc().bind(fd, name, name.length) >= 0) return;
  const error = lastError('bind', where(endpoint));
  const hint = bindHint(error.code, endpoint.port);
  throw hint === undefined ? error : Object.assign(error, { hint });
}

function bindHint(code: string, port: number): string | undefined {
  if (code === 'EADDRINUSE') return `port ${port} is taken: ss -lunp shows by whom`;
  if (code === 'EADDRNOTAVAIL') return 'no address of this host: ip address shows those it has';
  if (code === 'EACCES') return 'ports below 1024 need CAP_NET_BIND_SERVICE';
  return undefined;
}

export function connectTo(fd: number, endpoint: SocketEndpoint): void {
  const name = sockaddrOf(endpoint);
  if (libc().connect(fd, name, name.length) < 0) throw lastError('connect', where(endpoint));
}

/** As `connectTo`, by an interface of the caller's choice, where the kernel's own routes may lead elsewhere or nowhere. */
export function connectBy(fd: number, endpoint: SocketEndpoint, ifindex: number): void {
  chooseInterface(fd, endpoint.address.length === 4 ? 4 : 6, ifindex);
  try {
    connectTo(fd, endpoint);
  } finally {
    chooseInterface(fd, endpoint.address.length === 4 ? 4 : 6, 0);
  }
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

/**
 * Octets that the path to an endpoint carries as far as the kernel knows now; asked through a socket of its own.
 * @param source where rules may choose by it; the wildcard is none, and neither is what is not this host's
 */
export function probePathMtu(endpoint: SocketEndpoint, source: SocketEndpoint, interfaceName?: string): number {
  const family = endpoint.address.length === 4 ? 4 : 6;
  const fd = openUdp(family);
  try {
    if (interfaceName !== undefined) bindToDevice(fd, interfaceName);
    const name = sockaddrOf({ ...source, port: 0 });
    libc().bind(fd, name, name.length);
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

/**
 * A socket that is bound to an interface (SO_BINDTODEVICE, a link-local source) has chosen, and IPv6 refuses to hear it again.
 * For unicast in network byte order, for a group of IPv4 as `struct ip_mreqn`, whose last field it is.
 */
function chooseInterface(fd: number, family: 4 | 6, ifindex: number): void {
  if (getSockOptInt(fd, SOL_SOCKET, SO_BINDTOIFINDEX) !== 0) return;
  const inWireOrder = new DataView(new ArrayBuffer(4));
  inWireOrder.setUint32(0, ifindex);
  const unicast = inWireOrder.getInt32(0, true);
  if (family === 4) {
    setSockOptInt(fd, IPPROTO_IP, IP_UNICAST_IF, unicast);
    const mreqn = Int32Array.of(0, 0, ifindex);
    if (libc().setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, mreqn, mreqn.byteLength) < 0) throw lastError('setsockopt');
  } else {
    setSockOptInt(fd, IPPROTO_IPV6, IPV6_UNICAST_IF, unicast);
    setSockOptInt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, ifindex);
  }
}

function where({ address, port }: SocketEndpoint): { address: string; port: number } {
  return { address: formatAddress(address), port };
}
