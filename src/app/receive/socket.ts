import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { bindTo } from '../../companion/socket.js';
import { argumentError } from '../../errors.js';
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  SO_RCVBUF,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from '../../host/constants.js';
import { findInterface } from '../../host/interfaces.js';
import { libc } from '../../host/libc.js';
import { scopeIdOf } from '../../host/sockaddr.js';
import { getSockOptInt, openSocket, setRecvBuffer, setSockOptInt } from '../../host/socket-calls.js';
import { isMulticast, parseAddress } from '../../wire/address.js';

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
export async function openReceiveSocket(
  address: string,
  port: number,
  bufferSize: number,
  interfaceName?: string,
): Promise<ReceiveSocket> {
  const { fd, recvBufferSize } = boundSocket(address, port, bufferSize);
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const listening = once(socket, 'listening');
  socket.bind({ fd }); // the descriptor is the socket's from here on
  await listening;
  try {
    if (isMulticast(parseAddress(address)!)) await join(socket, address, interfaceName);
  } catch (error) {
    socket.close();
    throw error;
  }
  return { socket, recvBufferSize };
}

/** Joins a group on an interface, or on the one that routes lead to. @throws UfoError for an interface that is none */
async function join(socket: Socket, group: string, interfaceName: string | undefined): Promise<void> {
  const { family, zone } = parseAddress(group)!;
  const name = interfaceName ?? zone;
  if (name === undefined) return void socket.addMembership(group);
  const { addresses } = await findInterface(name);
  if (family === 6) return void socket.addMembership(group.split('%')[0]!, `::%${name}`);
  const own = addresses.find((one) => one.family === 4);
  if (own === undefined) throw argumentError('interface', name, 'one with an IPv4 address, to join a group by');
  socket.addMembership(group, own.address);
}

function boundSocket(address: string, port: number, bufferSize: number): { fd: number; recvBufferSize: number } {
  const family = isIPv6(address) ? AF_INET6 : AF_INET;
  const fd = openSocket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  try {
    if (family === AF_INET6) setSockOptInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, address === '::' ? 0 : 1);
    setRecvBuffer(fd, bufferSize);
    const { octets, zone } = parseAddress(address)!;
    bindTo(fd, { address: octets, port, scopeId: scopeIdOf(zone) });
    return { fd, recvBufferSize: getSockOptInt(fd, SOL_SOCKET, SO_RCVBUF) };
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}
