import { EventEmitter } from 'node:events';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { checkWhole } from '../../checks.js';
import type { Companion } from '../../companion/companion.js';
import { argumentError, ERRNO, systemError, typeError, unsupportedError } from '../../errors.js';
import type { SocketEvents } from '../events.js';
import type { SocketAddress } from '../options.js';
import type { LocalEnd } from '../path/local-end.js';
import type { Sender } from '../sender.js';
import { checkBufferSize } from './options.js';

/**
 * What dgram's sockets have to set and to ask, under dgram's names. Unlike there it may all be set before the socket is
 * bound; and it holds for every driver, as what is sent here does not go by the kernel's UDP socket.
 */
export abstract class SocketSettings extends EventEmitter<SocketEvents> {
  /** @internal */
  protected abstract readonly sender: Sender;
  /** @internal */
  protected abstract readonly end: LocalEnd;

  /** @internal @throws UfoError ERR_SOCKET_DGRAM_NOT_RUNNING */
  protected abstract checkRunning(): void;

  /**
   * The local end: the port taken, and after `connect` the address that datagrams leave from.
   * @throws UfoError EBADF before the socket is bound
   */
  address(): SocketAddress {
    this.checkRunning();
    const family = this.sender.family === 4 ? 'IPv4' : 'IPv6';
    const { companion, bound } = this.end;
    if (companion !== null) return { ...companion.address(), family };
    const { address, port } = this.sender.paths.local;
    if (!bound)
      throw systemError(ERRNO.EBADF, 'getsockname', { reason: 'the socket is not bound', hint: 'bind before' });
    return { address: address ?? (this.sender.family === 4 ? '0.0.0.0' : '::'), port, family };
  }

  /** Keeps the process alive (the default) while the socket listens. */
  ref(): this {
    this.end.setReferenced(true);
    return this;
  }

  /** Lets the process end while the socket only listens. */
  unref(): this {
    this.end.setReferenced(false);
    return this;
  }

  /** TTL or hop limit of what goes to one host, 1 … 255; gives it back. */
  setTTL(ttl: number): number {
    this.checkRunning();
    checkWhole('ttl', ttl, 1, 255);
    this.sender.paths.settings.ttl = ttl;
    return ttl;
  }

  /** TTL or hop limit of what goes to a group, 1 … 255; 1 (the link only) unless told. Gives it back. */
  setMulticastTTL(ttl: number): number {
    this.checkRunning();
    checkWhole('ttl', ttl, 1, 255);
    this.sender.paths.settings.multicastTtl = ttl;
    return ttl;
  }

  /**
   * Whether members of a group on this very host get what is sent to it: yes unless told. Only raw-socket and kernel-udp have
   * the kernel's IP stack do that; what the others send goes to the wire alone.
   */
  setMulticastLoopback(on: boolean): boolean {
    this.checkRunning();
    this.sender.paths.setMulticastLoopback(Boolean(on));
    this.end.companion?.udp.setMulticastLoopback(Boolean(on));
    return on;
  }

  /**
   * The interface that groups without a zone are sent to by: one of its addresses, its name, or `::%name`; `0.0.0.0` or `::`
   * leaves it to the routes again.
   */
  setMulticastInterface(multicastInterface: string): void {
    this.checkRunning();
    this.sender.paths.settings.multicastInterface = interfaceOf('multicastInterface', multicastInterface);
    this.sender.paths.forgetPeers();
  }

  /** Whether broadcast addresses may be sent to: not unless told. */
  setBroadcast(on: boolean): void {
    this.checkRunning();
    this.sender.paths.settings.broadcast = Boolean(on);
    this.sender.paths.forgetPeers();
  }

  /**
   * Joins a group, by an interface (one of its addresses, its name, or `::%name`) or the one the routes lead to. Binds the
   * socket if it is not.
   */
  addMembership(multicastAddress: string, multicastInterface?: string): void {
    const companion = this.#companion();
    companion.udp.addMembership(multicastAddress, this.#joinBy(multicastInterface));
  }

  dropMembership(multicastAddress: string, multicastInterface?: string): void {
    const companion = this.#companion();
    companion.udp.dropMembership(multicastAddress, this.#joinBy(multicastInterface));
  }

  /** Joins a group for what one source sends to it (RFC 4607). */
  addSourceSpecificMembership(sourceAddress: string, groupAddress: string, multicastInterface?: string): void {
    const companion = this.#companion();
    companion.udp.addSourceSpecificMembership(sourceAddress, groupAddress, this.#joinBy(multicastInterface));
  }

  dropSourceSpecificMembership(sourceAddress: string, groupAddress: string, multicastInterface?: string): void {
    const companion = this.#companion();
    companion.udp.dropSourceSpecificMembership(sourceAddress, groupAddress, this.#joinBy(multicastInterface));
  }

  /** SO_RCVBUF as the kernel has it, which is twice what it was asked for. Binds the socket if it is not. */
  getRecvBufferSize(): number {
    return this.#companion().udp.getRecvBufferSize();
  }

  setRecvBufferSize(size: number): void {
    checkBufferSize('size', size);
    this.#companion().udp.setRecvBufferSize(size);
  }

  /** Octets of memory that datagrams on their way may stand for; beyond them sends wait. */
  getSendBufferSize(): number {
    this.checkRunning();
    return this.sender.sock.sendBufferSize;
  }

  setSendBufferSize(size: number): void {
    this.checkRunning();
    checkBufferSize('size', size);
    this.sender.sock.sendBufferSize = size;
  }

  #companion(): Companion {
    this.checkRunning();
    const companion = this.end.open();
    if (companion !== null) return companion;
    throw unsupportedError('the driver pcap-file has no network to receive from', 'use another driver');
  }

  #joinBy(text: string | undefined): string | undefined {
    const name = text === undefined ? this.sender.options.interface : interfaceOf('multicastInterface', text);
    if (name === undefined) return undefined;
    if (this.sender.family === 6) return `::%${name}`;
    const own = networkInterfaces()[name]?.find(({ family }) => family === 'IPv4');
    if (own !== undefined) return own.address;
    throw argumentError('multicastInterface', text ?? name, 'an interface with an IPv4 address');
  }
}

/** The name of the interface that an address of it, or a zone, stands for; undefined for the wildcard. */
function interfaceOf(argument: string, text: unknown): string | undefined {
  if (typeof text !== 'string') throw typeError(argument, text, 'an address of an interface, or its name');
  const [address, zone] = text.split('%');
  const all = Object.entries(networkInterfaces());
  if (zone === undefined && (address === '0.0.0.0' || address === '::')) return undefined;
  const found = all.find(([name, addresses]) =>
    zone === undefined
      ? name === text || (isIP(text) !== 0 && addresses?.some((one) => one.address === text))
      : name === zone || addresses?.some((one) => one.family === 'IPv6' && String(one.scopeid) === zone),
  );
  if (found !== undefined) return found[0];
  throw argumentError(argument, text, `an address or a name of ${all.map(([name]) => name).join(', ')}`);
}
