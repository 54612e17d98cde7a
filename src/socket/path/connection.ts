import type { SocketError } from '../../companion/error-queue.js';
import { argumentError, UfoError } from '../../errors.js';
import type { EndpointCall } from '../dgram/calls.js';
import { addressOf, portOf, stateError } from '../dgram/calls.js';
import type { ManyOptions, SocketAddress, To } from '../options.js';
import type { Sender } from '../sender.js';
import { FlowPeers, flowPeers } from './flow-peers.js';
import type { LocalEnd } from './local-end.js';
import type { Peer } from './peer.js';

const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const;
/** Where the kernel knows no way of its own, the companion stays unconnected, and hears everybody. */
const NO_WAY: ReadonlySet<string> = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL']);

interface Remote {
  readonly host: string;
  readonly port: number;
  peer?: Peer;
}

/** Where a socket's datagrams go: the peer of `connect`, or whom each of them names. */
export class Connection {
  readonly #sender: Sender;
  readonly #end: LocalEnd;
  /** Asked for; with the peer once the way there is known. */
  #remote: Remote | null = null;

  constructor(sender: Sender, end: LocalEnd) {
    this.#sender = sender;
    this.#end = end;
  }

  /** Connected, or about to be. */
  get asked(): boolean {
    return this.#remote !== null;
  }

  /** @throws UfoError ERR_SOCKET_DGRAM_IS_CONNECTED */
  check(): void {
    if (this.#remote !== null) throw stateError('IS_CONNECTED', 'the socket is connected already');
  }

  async connect({ port, address }: EndpointCall<unknown>, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.check();
    const remote: Remote = { host: address ?? LOOPBACK[this.#sender.family], port };
    this.#remote = remote;
    try {
      const peer = await this.peer({ signal });
      if (this.#sender.options.destinationMac === undefined) this.#connectEnd(peer, port);
      remote.peer = peer;
    } catch (error) {
      this.#remote = null;
      throw error;
    }
  }

  /** @throws UfoError ERR_SOCKET_DGRAM_NOT_CONNECTED */
  disconnect(): void {
    this.address();
    this.#remote = null;
    this.#end.companion?.disconnect();
  }

  /** The far end. @throws UfoError ERR_SOCKET_DGRAM_NOT_CONNECTED */
  address(): SocketAddress {
    const { peer, port } = this.#remote ?? {};
    if (peer === undefined || port === undefined) throw stateError('NOT_CONNECTED', 'the socket is not connected');
    return { address: peer.address, family: this.#sender.family === 4 ? 'IPv4' : 'IPv6', port };
  }

  /** Whom a datagram goes to; a port alone is one of this host where nothing is connected, as in dgram. */
  async peer(to: To): Promise<Peer> {
    const { host, port } = this.destination(to);
    return this.#sender.paths.peer(host, port, to.signal);
  }

  /** @throws UfoError ERR_UFO_INVALID_ARGUMENT for what is none */
  destination({ address, port }: To): { readonly host: string; readonly port: number } {
    const unconnected = port === undefined ? undefined : LOOPBACK[this.#sender.family];
    const host = addressOf(address) ?? this.#remote?.host ?? unconnected;
    const toPort = port === undefined ? this.#remote?.port : portOf(port, 1);
    if (host !== undefined && toPort !== undefined) return { host, port: toPort };
    throw argumentError('to', 'no destination', 'an address and a port', 'connect first, or name both');
  }

  /** Whom the datagrams of a stream go to. */
  async peers(to: ManyOptions): Promise<FlowPeers> {
    const { flows, address, port, signal } = to;
    if (flows === undefined) return new FlowPeers([await this.peer(to)]);
    return flowPeers(flows, { address, port, signal }, (one) => this.peer(one));
  }

  /** Whether ICMP tells of a datagram to the peer. */
  concerns({ destination }: SocketError): boolean {
    const { peer, port } = this.#remote ?? {};
    if (peer === undefined || destination?.port !== port) return false;
    const to = peer.flow().destination;
    return destination?.address.length === to.length && to.every((octet, i) => octet === destination.address[i]);
  }

  /** By the interface that its datagrams take. */
  #connectEnd({ address, channel }: Peer, port: number): void {
    try {
      this.#end.companion?.connect(address, port, channel.device.ifindex);
    } catch (error) {
      if (!(error instanceof UfoError) || !NO_WAY.has(error.code)) throw error;
    }
  }
}
