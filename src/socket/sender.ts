import { argumentError, UfoError } from '../errors.js';
import { PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE, UserMemory } from '../memory/user-memory.js';
import { createFlow } from '../skb/flow.js';
import { Sock } from '../skb/sock.js';
import type { Companion } from '../tx/companion.js';
import type { LostFrames } from '../tx/net-device.js';
import { createIdentSource, type IdentSource } from '../ufo/ident.js';
import { parseAddress } from '../wire/address.js';
import { buildSkb, datagramTruesize, type Payload } from './build.js';
import { Channel } from './channel.js';
import { Datagram, type Settled } from './datagram.js';
import { openDevice } from './open-device.js';
import type { SocketOptions, To } from './options.js';
import { PageWait } from './page-wait.js';
import { Peer } from './peer.js';
import { type RouteTo, resolveHost, routeTo } from './route-to.js';
import { chooseWay } from './way.js';

/** Octets that the pool keeps beyond the send budget: what the last datagram let in may stand for, and the drivers' own. */
const POOL_RESERVE = 48 * PAGE_SIZE;
const DEFAULT_POOL_PAGES = 512;
const UMEM_LEN = 2 << 20;

/** Where a socket sends from: an address of its choice or null for the route's, and a port, 0 for the kernel's choice. */
export interface Local {
  readonly address: string | null;
  readonly port: number;
}

/**
 * The inside of a socket: the memory that datagrams live in, the companion, and the peers and channels opened so far.
 *
 *     peer (address, port) ──▶ channel (interface) ──▶ device
 */
export class Sender {
  readonly options: SocketOptions;
  readonly family: 4 | 6;
  readonly pool: PagePool;
  readonly pageWait: PageWait;
  readonly #sock: Sock;
  readonly #idents: IdentSource;
  readonly #companion: () => Promise<Companion | null>;
  readonly #channels = new Map<string, Promise<Channel>>();
  readonly #peers = new Map<string, Promise<Peer>>();
  local: Local = { address: null, port: 0 };

  /** @param companion opens the companion on first use; null where the driver has none */
  constructor(options: SocketOptions, companion: () => Promise<Companion | null>) {
    this.options = options;
    this.family = options.type === 'udp4' ? 4 : 6;
    const umemLen = options.driver === 'af-xdp' || options.driver === 'auto' ? UMEM_LEN : 0;
    const memory = new UserMemory({ pages: options.poolPages ?? DEFAULT_POOL_PAGES, umemLen });
    this.pool = new PagePool(memory);
    this.pageWait = new PageWait(this.pool);
    this.#sock = new Sock(options.sendBufferSize ?? Math.max(PAGE_SIZE, memory.pages.len - POOL_RESERVE));
    this.#idents = options.idents ?? createIdentSource();
    this.#companion = companion;
  }

  /** The peer at an address literal or a name, opened on first use. */
  async peer(host: string, port: number): Promise<Peer> {
    const known = this.#peers.get(`${host} ${port}`);
    if (known !== undefined) return known;
    const address = await resolveHost(host, this.family);
    const key = `${address} ${port}`;
    let peer = this.#peers.get(key);
    if (peer === undefined) {
      peer = this.#openPeer(address, port);
      peer.catch(() => this.#peers.delete(key));
      this.#peers.set(key, peer);
    }
    return peer;
  }

  /** Takes a payload as soon as the send budget allows it, and queues the datagram. What fails before that rejects. */
  async enqueue(peer: Peer, payload: Payload, to: To, settled: Settled): Promise<void> {
    const { channel } = peer;
    if (channel.stale) await channel.refresh();
    const { device, transmitter } = channel;
    const flow = peer.flow();
    const truesize = datagramTruesize(flow, payload, device.features);
    const ident = this.#identFor(to);
    if (!this.#sock.tryWmem(truesize)) await this.#sock.waitForWmem(truesize, to.signal);
    let reserved = truesize;
    const build = () => {
      const charged = reserved;
      reserved = 0; // given back by a failed attempt, and charged by the next one as it goes
      return buildSkb(this.#sock, this.pool, flow, ident, payload, device.features, charged);
    };
    const skb = await this.pageWait.until(build, () => this.pending, to.signal);
    transmitter.submit(new Datagram(skb, payload.len, chooseWay(device, skb, this.#identsAreFixed(to)), settled));
  }

  /** Whether datagrams are on their way, and with them pages. */
  get pending(): boolean {
    return this.#sock.wmemAlloc > 0;
  }

  async idle(): Promise<void> {
    for (const channel of await Promise.all(this.#channels.values())) await channel.transmitter.idle();
  }

  /** What the devices have lost so far; null where a driver cannot know. */
  async lost(): Promise<LostFrames> {
    const losses = (await Promise.all(this.#channels.values())).map(({ device }) => device.lost());
    const sum = (key: keyof LostFrames): number | null =>
      losses.reduce<number | null>(
        (total, { [key]: lost }) => (lost === null || total === null ? null : total + lost),
        0,
      );
    return { socket: sum('socket'), qdisc: sum('qdisc'), backlog: sum('backlog') };
  }

  /** Sends what is queued, then closes every device. */
  async close(): Promise<void> {
    for (const opened of await Promise.allSettled(this.#channels.values())) {
      if (opened.status === 'fulfilled') await opened.value.close();
    }
    this.#sock.failWaiters(new UfoError('ERR_UFO_CLOSED', 'the socket was closed'));
  }

  /** Where the kernel must not choose ids of its own. */
  #identsAreFixed({ ident }: To): boolean {
    return ident !== undefined || this.options.idents !== undefined;
  }

  #identFor({ ident }: To): number {
    const most = this.family === 4 ? 0xffff : 0xffff_ffff;
    if (ident === undefined) return this.family === 4 ? this.#idents.next4() : this.#idents.next6();
    if (Number.isInteger(ident) && ident >= 1 && ident <= most) return ident;
    throw argumentError('ident', ident, `1 … ${most} for IPv${this.family}`);
  }

  async #openPeer(address: string, port: number): Promise<Peer> {
    const companion = await this.#companion();
    const route = await routeTo(address, this.options, this.local.address);
    const channel = await this.#channel(route, companion);
    const mtu = this.#mtuOf(route, channel);
    const pathMtu = (await companion?.watchPath(address, port)) ?? (() => Number.POSITIVE_INFINITY);
    const sourcePort = companion?.address().port ?? this.local.port;
    const { ttl, tos, flowLabel, dontFragment, options, extensionHeaders, checksum } = this.options;
    const linkHeader = await channel.device.linkHeader({
      family: this.family,
      source: parseAddress(route.source)!.octets,
      destination: parseAddress(address)!.octets,
    });
    const flow = createFlow({
      ...{ source: route.source, sourcePort, destination: address, destinationPort: port, mtu, linkHeader },
      ...{ ttl, tos, flowLabel, dontFragment, options, extensionHeaders, checksum },
    });
    return new Peer(channel, flow, pathMtu);
  }

  #mtuOf({ mtu, interfaceName }: RouteTo, { device }: Channel): number {
    const most = Math.min(mtu, device.mtu);
    const { mtu: asked } = this.options;
    if (asked === undefined) return most;
    if (asked > most) throw argumentError('mtu', asked, `at most ${most}, the MTU of ${interfaceName || device.name}`);
    return asked;
  }

  #channel({ interfaceName, mtu }: RouteTo, companion: Companion | null): Promise<Channel> {
    let channel = this.#channels.get(interfaceName);
    if (channel === undefined) {
      const { family, pool, options } = this;
      const request = { family, interfaceName, mtu, pool, options, companion };
      channel = openDevice(this.options.driver ?? 'raw-socket', request).then(
        (device) => new Channel(device, this.pool),
      );
      channel.catch(() => this.#channels.delete(interfaceName));
      this.#channels.set(interfaceName, channel);
    }
    return channel;
  }
}
