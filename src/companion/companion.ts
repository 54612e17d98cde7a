import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { argumentError, ERRNO } from '../errors.js';
import { SO_REUSEADDR, SO_REUSEPORT, SOL_SOCKET } from '../host/constants.js';
import { libc } from '../host/libc.js';
import { type SocketEndpoint, scopeIdOf, zoneText } from '../host/sockaddr.js';
import { setSockOptInt } from '../host/socket-calls.js';
import { formatAddress, parseAddress } from '../wire/address.js';
import { ErrorQueue, SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6, type SocketError } from './error-queue.js';
import { bindTo, connectBy, connectTo, disconnect, localEnd, openUdp, prepareToHear, probePathMtu } from './socket.js';

export interface CompanionOptions {
  readonly family: 4 | 6;
  /** 0: the kernel chooses. */
  readonly port: number;
  /** One of this host's, with `%interface` where it is link-local; another's can be taken, but nothing comes back to it. */
  readonly address?: string;
  /** Path MTUs are asked for by this interface only, as a sender that is bound to it needs them. */
  readonly interface?: string;
  /** Octets for datagrams not read yet; the kernel doubles it, and cuts it to `net.core.rmem_max`. Default 4 MiB. */
  readonly recvBufferSize?: number | undefined;
  /** Share the port with others who say so too: the last one bound, and for groups all, get what comes. */
  readonly reuseAddr?: boolean | undefined;
  /** Share the port with others who say so too: the kernel spreads what comes over them. */
  readonly reusePort?: boolean | undefined;
  /** IPv6: don't receive what comes by IPv4. Default true. */
  readonly ipv6Only?: boolean | undefined;
}

const DEFAULT_RECV_BUFFER = 4 << 20;
/** A path MTU is asked for again after this time, milliseconds, or at once when ICMP told of a new one. */
const PATH_MTU_AGE_MS = 100;

/** What a send that failed halfway or an ICMP error told already leaves pending for the next read. */
const ICMP_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EMSGSIZE',
  'EPROTO',
  'EOPNOTSUPP',
  'EACCES',
]);

/**
 * The ordinary UDP socket beside every sender. It holds the source port, so that replies meet no "port unreachable", and
 * receives them, reassembled by the kernel; it hears ICMP errors, which raw sockets do not; it knows path MTUs.
 *
 * Events: `message (payload, from)`; `icmp (told)`, what ICMP said of a datagram sent before (ECONNREFUSED, EMSGSIZE with the
 * new MTU, EHOSTUNREACH, …); `error (error)`, of the socket itself.
 */
export class Companion
  extends EventEmitter<{ message: [Buffer, RemoteInfo]; icmp: [SocketError]; error: [Error] }>
  implements AsyncDisposable
{
  readonly #fd: number;
  /** The same socket as Node has it: for memberships and buffers. */
  readonly udp: Socket;
  readonly #local: SocketEndpoint;
  readonly #interfaceName: string | undefined;
  readonly #errors = new ErrorQueue();
  /** Counts ICMP's news of path MTUs. */
  #news = 0;
  #connected = false;
  #closed: Promise<void> | null = null;

  /** `socket` listens on `fd`, which is bound, and owns it. */
  constructor(socket: Socket, fd: number, interfaceName?: string) {
    super();
    this.#interfaceName = interfaceName;
    this.#fd = fd;
    this.udp = socket;
    this.#local = localEnd(fd);
    socket.on('message', (payload, from) => this.emit('message', payload, from));
    socket.on('error', (error) => this.#hear(error));
  }

  /** Its descriptor, which kernel-udp sends by. It stays the companion's. Who sends by it calls `takeErrors` on failures. */
  get fd(): number {
    return this.#fd;
  }

  /** The local end; the address is the wildcard's before `connect`, unless one was asked for. */
  address(): { address: string; port: number } {
    const { address, port, scopeId } = this.#closed === null ? localEnd(this.#fd) : this.#local;
    return { address: `${formatAddress(address)}${zoneText(scopeId)}`, port };
  }

  /**
   * From now on only what this endpoint sends is received, and `address` gives the source that the kernel chose for it.
   * May be called again. @throws UfoError ENETUNREACH, EADDRINUSE.
   * @param ifindex the interface to go by, whatever the routes say
   */
  connect(address: string, port: number, ifindex = 0): void {
    const endpoint = endpointOf(address, port);
    this.disconnect();
    if (ifindex === 0) connectTo(this.#fd, endpoint);
    else connectBy(this.#fd, endpoint, ifindex);
    this.#connected = true;
  }

  disconnect(): void {
    if (!this.#connected) return;
    disconnect(this.#fd);
    this.#connected = false;
    if (localEnd(this.#fd).port === 0) bindTo(this.#fd, this.#local);
  }

  /**
   * What the path to a destination carries, octets, known to the kernel at every call of the function given back (at most
   * 100 ms old); Infinity while there is no route.
   */
  async watchPath(address: string, port: number): Promise<() => number> {
    const endpoint = endpointOf(address, port || 9); // no packet is sent, any port will do
    let mtu = this.pathMtu(endpoint);
    let news = this.#news;
    let until = performance.now() + PATH_MTU_AGE_MS;
    return () => {
      if (news !== this.#news || performance.now() > until) {
        mtu = this.pathMtu(endpoint);
        news = this.#news;
        until = performance.now() + PATH_MTU_AGE_MS;
      }
      return mtu;
    };
  }

  /** What the kernel sends to a destination now, octets; Infinity while there is no route. */
  pathMtu(endpoint: SocketEndpoint): number {
    try {
      return probePathMtu(endpoint, this.#local, this.#interfaceName);
    } catch {
      return Number.POSITIVE_INFINITY; // the send itself tells why there is no way
    }
  }

  ref(): void {
    this.udp.ref();
  }

  unref(): void {
    this.udp.unref();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const closed = once(this.udp, 'close');
    this.udp.close();
    await closed;
  }

  /**
   * Empties the error queue and tells of what ICMP put there; returns how many that were. While an entry is left the
   * descriptor polls POLLERR, which a read only meets where the error is pending too: a send by `fd` that fails takes it
   * away, so whoever sends calls this then. A failure that comes with ICMP errors was theirs: the send is to be repeated.
   */
  takeErrors(): number {
    let heard = 0;
    for (const told of this.#errors.drain(this.#fd)) {
      if (told.errno === ERRNO.EMSGSIZE) this.#news += 1;
      if (told.origin !== SO_EE_ORIGIN_ICMP && told.origin !== SO_EE_ORIGIN_ICMP6) continue;
      heard += 1;
      this.emit('icmp', told);
    }
    return heard;
  }

  /** libuv meets POLLERR as a failed read. What came from the error queue is told with more detail than it knows. */
  #hear(error: NodeJS.ErrnoException): void {
    if (this.takeErrors() > 0 || ICMP_CODES.has(error.code ?? '')) return;
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }
}

/** Opens and binds it, at once. @throws UfoError EADDRINUSE, EADDRNOTAVAIL, EACCES (ports below 1024), EMFILE. */
export function openCompanion(options: CompanionOptions): Companion {
  const { family, port, address, recvBufferSize = DEFAULT_RECV_BUFFER } = options;
  const { reuseAddr = false, reusePort = false, ipv6Only = true } = options;
  const local = address === undefined ? wildcard(family, port) : endpointOf(address, port);
  const fd = openUdp(family, ipv6Only);
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  try {
    prepareToHear(fd, family, recvBufferSize);
    if (reuseAddr) setSockOptInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (reusePort) setSockOptInt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    bindTo(fd, local);
    socket.bind({ fd, exclusive: true }); // listens and owns it when this returns: there is nothing to look up
  } catch (error) {
    libc().close(fd);
    socket.close();
    throw error;
  }
  // libuv sets it on every socket it is handed, and any other program could then take this port from us.
  try {
    if (!reuseAddr) setSockOptInt(fd, SOL_SOCKET, SO_REUSEADDR, 0);
    return new Companion(socket, fd, options.interface);
  } catch (error) {
    socket.close();
    throw error;
  }
}

function wildcard(family: 4 | 6, port: number): SocketEndpoint {
  return { address: new Uint8Array(family === 4 ? 4 : 16), port: checkedPort(port), scopeId: 0 };
}

function endpointOf(text: string, port: number): SocketEndpoint {
  const parsed = parseAddress(text);
  if (parsed === null) throw argumentError('address', text, 'an IPv4 or IPv6 address');
  return { address: parsed.octets, port: checkedPort(port), scopeId: scopeIdOf(parsed.zone) };
}

function checkedPort(port: number): number {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw argumentError('port', port, '0 … 65535');
  return port;
}
