import { ERRNO, systemError, type UfoError } from '../../errors.js';
import {
  IP_MTU_DISCOVER,
  IP_MULTICAST_LOOP,
  IP_NODEFRAG,
  IP_PMTUDISC_PROBE,
  IP_RECVERR,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_RAW,
  IPV6_MTU_DISCOVER,
  IPV6_MULTICAST_LOOP,
  IPV6_RECVERR,
  SO_BROADCAST,
  SO_ERROR,
  SOL_SOCKET,
} from '../../host/constants.js';
import { libc } from '../../host/libc.js';
import { explainEperm } from '../../host/privileges.js';
import { bindToDevice, hintIfForbidden, type SetOption, setSendBuffer } from '../../host/socket-calls.js';
import { loadRawSocket, type RawSocket, type RawSocketWrap } from './module.js';
import { errnoOfText } from './strerror.js';

export interface RawSocketSettings {
  readonly family: 4 | 6;
  /** Sends leave by this interface only, whatever the routes say (SO_BINDTODEVICE). */
  readonly bindTo?: string | undefined;
  /** Send buffer in octets. */
  readonly sendBufferSize: number;
}

/**
 * A raw socket of protocol 255, which means "the header is mine" for both families and receives nothing. Every option is
 * explained in native-notes/raw-sockets.md.
 * @throws UfoError EPERM without CAP_NET_RAW, ENODEV for an unknown interface, ERR_UFO_UNSUPPORTED without the package.
 */
export function openRawIp(settings: RawSocketSettings): RawSocket {
  const { createSocket, AddressFamily } = loadRawSocket();
  const addressFamily = settings.family === 4 ? AddressFamily.IPv4 : AddressFamily.IPv6;
  const socket = called('socket', () => createSocket({ protocol: IPPROTO_RAW, addressFamily }));
  socket.pauseRecv();
  // The package would close the socket on the first POLLERR, and emit an `error` that ends the process.
  socket.wrap.removeAllListeners('error');
  try {
    setOptions(socket.wrap, settings);
  } catch (error) {
    socket.wrap.close();
    throw error;
  }
  return socket;
}

/**
 * Empties the socket's error queue: a refused send (EMSGSIZE) leaves an entry there, and while one is left poll(2) says
 * POLLERR at once whatever it waits for. Clearing the option purges the queue in the kernel (`skb_errqueue_purge`).
 */
export function purgeErrorQueue(wrap: RawSocketWrap, family: 4 | 6): void {
  const [level, option] = recvErr(family);
  wrap.setOption(level, option, 0);
  wrap.setOption(level, option, 1);
  wrap.getOption(SOL_SOCKET, SO_ERROR, Buffer.alloc(4), 4);
}

/** The kernel gives a copy of what goes to a group to the host's own members, which a raw socket has a say in too. */
export function setMulticastLoop(wrap: RawSocketWrap, family: 4 | 6, on: boolean): void {
  const [level, option] = family === 4 ? [IPPROTO_IP, IP_MULTICAST_LOOP] : [IPPROTO_IPV6, IPV6_MULTICAST_LOOP];
  called('setsockopt', () => wrap.setOption(level, option, Number(on)));
}

/** −errno of a failure that the package threw; what is not from the kernel is thrown on. */
export function errnoOf(error: unknown): number {
  const errno = error instanceof Error ? errnoOfText(error.message) : 0;
  if (errno === 0) throw error;
  return -errno;
}

function setOptions(wrap: RawSocketWrap, settings: RawSocketSettings): void {
  const { family } = settings;
  const [level, option] = recvErr(family);
  called('setsockopt', () => {
    wrap.setOption(level, option, 1);
    wrap.setOption(SOL_SOCKET, SO_BROADCAST, 1);
    if (family === 4) {
      wrap.setOption(IPPROTO_IP, IP_NODEFRAG, 1);
      wrap.setOption(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    } else {
      wrap.setOption(IPPROTO_IPV6, IPV6_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    }
  });
  setSendBuffer(optionSetter(wrap), settings.sendBufferSize);
  const { bindTo } = settings;
  if (bindTo !== undefined) bindToDevice(optionSetter(wrap, bindTo), bindTo);
}

function recvErr(family: 4 | 6): [level: number, option: number] {
  return family === 4 ? [IPPROTO_IP, IP_RECVERR] : [IPPROTO_IPV6, IPV6_RECVERR];
}

/** By the package, which keeps the descriptor to itself. */
function optionSetter(wrap: RawSocketWrap, address?: string): SetOption<number | Buffer> {
  return (level, name, value) => {
    const len = typeof value === 'number' ? [] : [value.length];
    called('setsockopt', () => wrap.setOption(level, name, value, ...len), address);
  };
}

/** The interface's number; throws ENODEV where there is none of that name. */
export function interfaceIndex(name: string): number {
  const ifindex = libc().if_nametoindex(name);
  if (ifindex === 0) throw noDevice(name);
  return ifindex;
}

function noDevice(name: string): UfoError {
  return systemError(ERRNO.ENODEV, 'if_nametoindex', { address: name, hint: 'ip link lists the interfaces' });
}

/** Runs a call into the package and makes its failures system errors. */
function called<T>(syscall: string, call: () => T, address?: string): T {
  try {
    return call();
  } catch (cause) {
    const errno = -errnoOf(cause);
    const hint = hintIfForbidden(errno, () => explainEperm('raw sockets'));
    throw systemError(errno, syscall, address === undefined ? hint : { address, ...hint });
  }
}
