import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from '../host/constants.js';
import { libc } from '../host/libc.js';
import { getSockOptInt, lastError, openSocket, setSockOptInt } from '../host/socket-calls.js';
import { parseAddress } from '../wire/address.js';

const SOCKADDR_IN_LEN = 16;
const SOCKADDR_IN6_LEN = 28;

/** A bound UDP socket with as large a receive buffer as the kernel gives. */
export interface ReceiveSocket {
  readonly socket: Socket;
  /** Octets that the buffer really has, bookkeeping of the kernel counted in (it doubles what is asked for). */
  readonly recvBufferSize: number;
}

/**
 * Binds to `port` (0 for any) of `address`; `::` takes IPv4 as well. Asks for `bufferSize` octets of receive buffer, past
 * net.core.rmem_max where we may: the default holds two datagrams of 65,507 octets. Made by hand since dgram sets its
 * buffer by SO_RCVBUF only, and shows no descriptor to do better. Throws system errors (EADDRINUSE, EADDRNOTAVAIL).
 */
export async function openReceiveSocket(address: string, port: number, bufferSize: number): Promise<ReceiveSocket> {
  const fd = boundSocket(address, port, bufferSize);
  const recvBufferSize = getSockOptInt(fd, SOL_SOCKET, SO_RCVBUF);
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const listening = once(socket, 'listening');
  socket.bind({ fd }); // the descriptor is the socket's from here on
  await listening;
  return { socket, recvBufferSize };
}

function boundSocket(address: string, port: number, bufferSize: number): number {
  const family = isIPv6(address) ? AF_INET6 : AF_INET;
  const fd = openSocket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  try {
    if (family === AF_INET6) setSockOptInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, address === '::' ? 0 : 1);
    growBuffer(fd, bufferSize);
    const name = sockaddr(address, port);
    if (libc().bind(fd, name, name.length) < 0) throw lastError('bind', { address, port });
    return fd;
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/** SO_RCVBUFFORCE needs CAP_NET_ADMIN in the first user namespace; SO_RCVBUF is cut at rmem_max in silence. */
function growBuffer(fd: number, size: number): void {
  const value = Int32Array.of(size);
  if (libc().setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, value, 4) < 0) setSockOptInt(fd, SOL_SOCKET, SO_RCVBUF, size);
}

/** struct sockaddr_in or sockaddr_in6; a zone behind `%` becomes the scope id. */
function sockaddr(text: string, port: number): Uint8Array {
  const [literal = '', zone] = text.split('%');
  const address = parseAddress(literal)!;
  const bytes = new Uint8Array(address.family === 6 ? SOCKADDR_IN6_LEN : SOCKADDR_IN_LEN);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, address.family === 6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  bytes.set(address.octets, address.family === 6 ? 8 : 4);
  if (zone !== undefined) view.setUint32(24, /^\d+$/.test(zone) ? Number(zone) : libc().if_nametoindex(zone), true);
  return bytes;
}
