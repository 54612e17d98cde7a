import { EventEmitter } from 'node:events';
import { argumentError, UfoError } from '../errors.js';
import { PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE, UserMemory } from '../memory/user-memory.js';
import { NETIF_F_SG } from '../skb/features.js';
import { createFlow } from '../skb/flow.js';
import { Sock } from '../skb/sock.js';
import type { Companion } from '../tx/companion.js';
import type { LostFrames } from '../tx/net-device.js';
import { createIdentSource, type IdentSource } from '../ufo/ident.js';
import { parseAddress } from '../wire/address.js';
import { buildSkb, datagramTruesize } from './build.js';
import { Channel } from './channel.js';
import { Datagram, type SendResult, type SendSummary, type Settled } from './datagram.js';
import { ObservedPromise } from './observed.js';
import { openDevice } from './open-device.js';
import type { ManyOptions, SocketOptions, To } from './options.js';
import { Peer } from './peer.js';
import { type RouteTo, resolveHost, routeTo } from './route-to.js';
import { Tally } from './tally.js';
import { chooseWay } from './way.js';

/** Octets that the pool keeps beyond the send budget: what the last datagram let in may stand for, and the drivers' own. */
const POOL_RESERVE = 48 * PAGE_SIZE;
const DEFAULT_POOL_PAGES = 512;

export interface SocketAddress {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
}

/**
 * A UDP socket whose datagrams are cut into fragments here, under the caller's control.
 *
 * Events: `message (payload, from)`, `error (error)` for ICMP errors and for failures nobody awaited, `close`.
 */
export class UfoSocket extends EventEmitter implements AsyncDisposable {
  readonly #options: SocketOptions;
  readonly #family: 4 | 6;
  readonly #pool: PagePool;
  readonly #sock: Sock;
  readonly #idents: IdentSource;
  readonly #channels = new Map<string, Promise<Channel>>();
  readonly #peers = new Map<string, Peer>();
  #companion: Promise<Companion | null> | null = null;
  #local: { address: string | null; port: number } = { address: null, port: 0 };
  #remote: { address: string; port: number } | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: SocketOptions) {
    super();
    if (options.type !== 'udp4' && options.type !== 'udp6') throw argumentError('type', options.type, 'udp4 or udp6');
    this.#options = options;
    this.#family = options.type === 'udp4' ? 4 : 6;
    const memory = new UserMemory({ pages: options.poolPages ?? DEFAULT_POOL_PAGES, ...umemFor(options) });
    this.#pool = new PagePool(memory);
    this.#sock = new Sock(options.sendBufferSize ?? Math.max(PAGE_SIZE, memory.pages.len - POOL_RESERVE));
    this.#idents = options.idents ?? createIdentSource();
    options.signal?.addEventListener('abort', () => void this.close(), { once: true });
  }

  /**
   * Takes a port (0: the kernel chooses) and an address, and holds the port as an ordinary UDP socket would. An address that
   * is not this host's may be given: datagrams then carry it, and nothing comes back.
   */
  async bind(port = 0, address?: string): Promise<void> {
    if (this.#companion !== null) throw new UfoError('ERR_UFO_ALREADY_BOUND', 'the socket is bound already');
    this.#local = { port, address: address === undefined ? null : await resolveHost(address, this.#family) };
    await this.#openCompanion();
  }

  /** Sets where datagrams go that name no address, and learns the path there. */
  async connect(port: number, address: string): Promise<void> {
    this.#remote = { port, address: await resolveHost(address, this.#family) };
    await this.#peer(this.#remote.address, port);
  }

  /** The local end; the port is 0 before the socket is bound. */
  async address(): Promise<SocketAddress> {
    const companion = await this.#openCompanion();
    const { address, port } = companion?.address() ?? { address: this.#local.address ?? '', port: this.#local.port };
    return { address, port, family: this.#family };
  }

  /**
   * Sends one datagram; the payload is copied before this returns to the loop. Resolves when the kernel has taken every
   * fragment. A partial failure says in `error.partial` how many had gone.
   * @throws UfoError EMSGSIZE, ENETUNREACH, EHOSTUNREACH, EPERM, ENETDOWN, ENOBUFS, …; the signal's reason
   */
  send(message: Uint8Array | readonly Uint8Array[], to: To = {}): Promise<SendResult> {
    const parts = message instanceof Uint8Array ? [message] : message;
    return ObservedPromise.from(this.#send(parts, to), (error) => this.#report(error));
  }

  /**
   * Sends one datagram after the other, as many at a time as the send budget allows, and paced where asked for. Stops at the
   * first failure; its error carries in `error.partial` what became of that datagram, and `summary` what went before it.
   */
  sendMany(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, to: ManyOptions = {}): Promise<SendSummary> {
    return ObservedPromise.from(this.#sendMany(source, to), (error) => this.#report(error));
  }

  async #sendMany(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, to: ManyOptions): Promise<SendSummary> {
    const peer = await this.#peerFor(to);
    const tally = new Tally(peer.channel.device.driver, to.onDatagram);
    for await (const payload of source) {
      if (tally.failure !== null) break;
      to.signal?.throwIfAborted();
      await to.pacer?.ready(peer.packets(payload.length), 8 * peer.octets(payload.length), to.signal);
      await this.#enqueue(peer, [payload], to, tally.settled);
    }
    await peer.channel.transmitter.idle();
    const { driver } = peer.channel.device;
    const { datagrams, fragments, octets, failed } = tally;
    const summary = {
      driver,
      ways: tally.ways(),
      datagrams,
      failed,
      fragments,
      octets,
      lost: peer.channel.device.lost(),
    };
    if (tally.failure !== null) throw Object.assign(tally.failure, { summary });
    return summary;
  }

  /** Resolves when everything handed over so far has gone or failed. */
  async idle(): Promise<void> {
    for (const channel of await Promise.all(this.#channels.values())) await channel.transmitter.idle();
  }

  /** What devices have lost so far; null where a driver cannot know. */
  async lost(): Promise<LostFrames> {
    const losses = (await Promise.all(this.#channels.values())).map(({ device }) => device.lost());
    const sum = (key: keyof LostFrames): number | null =>
      losses.reduce<number | null>(
        (total, loss) => (loss[key] === null || total === null ? null : total + loss[key]),
        0,
      );
    return { socket: sum('socket'), qdisc: sum('qdisc'), backlog: sum('backlog') };
  }

  /** Sends what is queued, then lets go of everything. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #send(parts: readonly Uint8Array[], to: To): Promise<SendResult> {
    to.signal?.throwIfAborted();
    const peer = await this.#peerFor(to);
    const { driver } = peer.channel.device;
    return new Promise((resolve, reject) => {
      const settled: Settled = (datagram, error) => (error === null ? resolve(datagram.result(driver)) : reject(error));
      this.#enqueue(peer, parts, to, settled).catch(reject);
    });
  }

  /** Copies a payload into user pages as soon as the send budget allows it, and queues the datagram. */
  async #enqueue(peer: Peer, parts: readonly Uint8Array[], to: To, settled: Settled): Promise<void> {
    if (peer.channel.stale) await peer.channel.refresh();
    const { device, transmitter } = peer.channel;
    const flow = peer.flow();
    const len = parts.length === 1 ? parts[0]!.length : parts.reduce((sum, part) => sum + part.length, 0);
    const scatterGather = (device.features & NETIF_F_SG) !== 0;
    const truesize = datagramTruesize(flow, len, scatterGather);
    if (!this.#sock.tryWmem(truesize)) await this.#sock.waitForWmem(truesize, to.signal);
    const skb = buildSkb(this.#sock, this.#pool, flow, this.#identFor(to), parts, len, scatterGather, truesize);
    transmitter.submit(new Datagram(skb, len, chooseWay(device, skb, to.ident !== undefined), settled));
  }

  #identFor({ ident }: To): number {
    const most = this.#family === 4 ? 0xffff : 0xffff_ffff;
    if (ident === undefined) return this.#family === 4 ? this.#idents.next4() : this.#idents.next6();
    if (Number.isInteger(ident) && ident >= 1 && ident <= most) return ident;
    throw argumentError('ident', ident, `1 … ${most} for IPv${this.#family}`);
  }

  async #peerFor({ address, port }: To): Promise<Peer> {
    if (this.#closed !== null) throw new UfoError('ERR_UFO_CLOSED', 'the socket is closed');
    const at = address ?? this.#remote?.address;
    const toPort = port ?? this.#remote?.port;
    if (at === undefined || toPort === undefined) {
      throw argumentError('to', 'no destination', 'an address and a port', 'connect first, or name both');
    }
    return this.#peers.get(`${at} ${toPort}`) ?? this.#peer(await resolveHost(at, this.#family), toPort);
  }

  async #peer(address: string, port: number): Promise<Peer> {
    const known = this.#peers.get(`${address} ${port}`);
    if (known !== undefined) return known;
    const companion = await this.#openCompanion();
    const route = await routeTo(address, this.#options, this.#local.address);
    const channel = await this.#channel(route);
    const mtu = this.#mtuOf(route, channel);
    const pathMtu = (await companion?.watchPath(address, port)) ?? (() => Number.POSITIVE_INFINITY);
    const sourcePort = companion?.address().port ?? this.#local.port;
    const { ttl, tos, flowLabel, dontFragment, options, extensionHeaders, checksum } = this.#options;
    const linkHeader = await channel.device.linkHeader({
      family: this.#family,
      source: parseAddress(route.source)!.octets,
      destination: parseAddress(address)!.octets,
    });
    const flow = createFlow({
      ...{ source: route.source, sourcePort, destination: address, destinationPort: port, mtu, linkHeader },
      ...{ ttl, tos, flowLabel, dontFragment, options, extensionHeaders, checksum },
    });
    const peer = new Peer(channel, flow, pathMtu);
    this.#peers.set(`${address} ${port}`, peer);
    return peer;
  }

  #mtuOf({ mtu, interfaceName }: RouteTo, { device }: Channel): number {
    const most = Math.min(mtu, device.mtu);
    const { mtu: asked } = this.#options;
    if (asked === undefined) return most;
    if (asked > most) throw argumentError('mtu', asked, `at most ${most}, the MTU of ${interfaceName || device.name}`);
    return asked;
  }

  #channel({ interfaceName, mtu }: RouteTo): Promise<Channel> {
    let channel = this.#channels.get(interfaceName);
    if (channel === undefined) {
      const request = { family: this.#family, interfaceName, mtu, pool: this.#pool, options: this.#options };
      channel = openDevice(this.#options.driver ?? 'raw-socket', request).then(
        (device) => new Channel(device, this.#pool),
      );
      channel.catch(() => this.#channels.delete(interfaceName));
      this.#channels.set(interfaceName, channel);
    }
    return channel;
  }

  #openCompanion(): Promise<Companion | null> {
    this.#companion ??= this.#makeCompanion();
    return this.#companion;
  }

  async #makeCompanion(): Promise<Companion | null> {
    if (this.#options.driver === 'pcap-file') return null;
    const { openCompanion } = await import('../tx/companion.js');
    const { address, port } = this.#local;
    const companion = await openCompanion({ family: this.#family, port, ...(address === null ? {} : { address }) });
    companion.on('message', (payload, from) => this.emit('message', payload, from));
    companion.on('error', (error) => this.#report(error));
    return companion;
  }

  #report(error: unknown): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
    else process.emitWarning(error instanceof Error ? error : new Error(String(error)));
  }

  async #shutDown(): Promise<void> {
    const opened = await Promise.allSettled(this.#channels.values());
    for (const one of opened) if (one.status === 'fulfilled') await one.value.close();
    this.#sock.failWaiters(new UfoError('ERR_UFO_CLOSED', 'the socket was closed'));
    const companion = await this.#companion?.catch(() => null);
    await companion?.close();
    this.emit('close');
  }
}

/** A UDP socket for one family. Nothing is opened before the first bind, connect or send. */
export function createSocket(options: SocketOptions): UfoSocket {
  return new UfoSocket(options);
}

function umemFor({ driver }: SocketOptions): { umemLen?: number } {
  return driver === 'af-xdp' || driver === 'auto' ? { umemLen: 2 << 20 } : {};
}
