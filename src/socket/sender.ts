import type { Companion } from '../companion/companion.js';
import { argumentError, ERRNO, systemError, UfoError } from '../errors.js';
import { PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE, UserMemory } from '../memory/user-memory.js';
import { createFlow } from '../skb/flow.js';
import { Sock } from '../skb/sock.js';
import type { LostFrames, NetDevice } from '../tx/net-device.js';
import { createIdentSource, type IdentSource } from '../ufo/ident.js';
import { checkPayloadLen } from '../ufo/make-skb.js';
import { planDatagram } from '../ufo/plan-datagram.js';
import { parseAddress } from '../wire/address.js';
import { buildSkb, datagramTruesize, type Payload } from './build.js';
import { Datagram, type Settled } from './flight/datagram.js';
import { Turnstile } from './flight/turnstile.js';
import { checkPlannable, chooseWay, plannedWay } from './flight/way.js';
import type { SocketOptions, To } from './options.js';
import { Channel } from './path/channel.js';
import type { OpenDevice } from './path/open-device.js';
import { Peer } from './path/peer.js';
import { type RouteTo, resolveHost, routeTo } from './path/route-to.js';
import { abortable } from './waiting/abortable.js';
import { PageWait } from './waiting/page-wait.js';

/** Octets that the pool keeps beyond the send budget: what the last datagram let in may stand for, and the drivers' own. */
const POOL_RESERVE = 48 * PAGE_SIZE;
const DEFAULT_POOL_PAGES = 512;
const UMEM_LEN = 2 << 20;
/** Pages that the largest datagram takes, its head included. */
const LARGEST_PAGES = 18;

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
  readonly #turnstile = new Turnstile();
  readonly #idents: IdentSource;
  readonly #companion: () => Promise<Companion | null>;
  readonly #openDevice: OpenDevice;
  readonly #open: Channel[] = [];
  readonly #channels = new Map<string, Promise<Channel>>();
  readonly #peers = new Map<string, Promise<Peer>>();
  local: Local = { address: null, port: 0 };

  /** @param companion opens the companion on first use; null where the driver has none */
  constructor(options: SocketOptions, companion: () => Promise<Companion | null>, open: OpenDevice) {
    this.options = options;
    this.family = options.type === 'udp4' ? 4 : 6;
    const umemLen = options.driver === 'af-xdp' || options.driver === 'auto' ? UMEM_LEN : 0;
    const memory = new UserMemory({ pages: options.poolPages ?? DEFAULT_POOL_PAGES, umemLen });
    this.pool = new PagePool(memory);
    this.pageWait = new PageWait(this.pool, () => this.pending);
    this.#sock = new Sock(options.sendBufferSize ?? Math.max(PAGE_SIZE, memory.pages.len - POOL_RESERVE));
    this.#idents = options.idents ?? createIdentSource();
    this.#companion = companion;
    this.#openDevice = open;
  }

  /** The peer at an address literal or a name, opened on first use. Aborting ends the wait, others may still want it. */
  peer(host: string, port: number, signal?: AbortSignal): Promise<Peer> {
    return this.#peers.get(`${host} ${port}`) ?? abortable(this.#findPeer(host, port), signal);
  }

  /**
   * Takes a payload as soon as the send budget allows it, and queues the datagram. What fails before that rejects, and
   * `settled` is not called. Datagrams are queued in the order of asking.
   */
  async enqueue(peer: Peer, payload: Payload, to: To, settled: Settled): Promise<void> {
    const { channel } = peer;
    const { signal } = to;
    signal?.throwIfAborted();
    this.#check(channel.device, to);
    if (channel.stale) await channel.refresh();
    const flow = peer.flow();
    checkPayloadLen(flow, payload.len);
    const truesize = datagramTruesize(flow, payload, channel.device.features);
    const blocking = to.nonBlocking !== true;
    if (!blocking) this.#sock.takeWmem(truesize);
    else if (!this.#sock.tryWmem(truesize)) await this.#sock.waitForWmem(truesize, signal);
    let reserved = truesize;
    const submit = (): void => {
      const charged = reserved;
      reserved = 0; // given back by a failed attempt, and charged by the next one as it goes
      this.#submit(peer, payload, to, settled, charged);
    };
    try {
      if (blocking) await this.pageWait.until(submit, signal);
      else this.pageWait.now(submit);
    } finally {
      if (reserved > 0) this.#sock.uncharge(reserved);
    }
  }

  /**
   * As `enqueue`, but at once: false, and nothing done, where something has to be waited for. Spares a stream of small
   * datagrams the promises, which cost more than the datagram.
   */
  offer(peer: Peer, payload: Payload, to: To, settled: Settled): boolean {
    const { channel } = peer;
    if (channel.stale || this.pageWait.waiting) return false;
    this.#check(channel.device, to);
    const flow = peer.flow();
    checkPayloadLen(flow, payload.len);
    const truesize = datagramTruesize(flow, payload, channel.device.features);
    if (!this.#sock.tryWmem(truesize)) return false;
    try {
      this.#submit(peer, payload, to, settled, truesize); // gives the charge back where it fails
      return true;
    } catch (error) {
      if (error instanceof UfoError && error.code === 'ENOMEM') return false;
      throw error;
    }
  }

  /** Resolves when a send that said EAGAIN is worth trying again. */
  async room(): Promise<void> {
    await this.#sock.waitForWmem(0);
    await this.pageWait.until(() => {
      if (this.pool.freePages < LARGEST_PAGES) throw systemError(ERRNO.ENOMEM, 'send');
    });
  }

  /** Whether datagrams are on their way, and with them pages. */
  get pending(): boolean {
    return this.#open.some(({ transmitter }) => transmitter.pending > 0);
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

  /** Sends what is queued, then closes every device; all are closed even if one of them fails, which is thrown then. */
  async close(): Promise<void> {
    const channels = await Promise.allSettled(this.#channels.values());
    const opened = channels.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const closings = await Promise.allSettled(opened.map((channel) => channel.close()));
    this.turnAway(new UfoError('ERR_UFO_CLOSED', 'the socket is closed'));
    for (const closing of closings) if (closing.status === 'rejected') throw closing.reason;
  }

  /** Rejects everyone who waits for room or for pages. */
  turnAway(error: UfoError): void {
    this.#sock.failWaiters(error);
    this.pageWait.fail(error);
  }

  /** Where the kernel must not choose ids of its own. */
  #identsAreFixed({ ident }: To): boolean {
    return ident !== undefined || this.options.idents !== undefined;
  }

  /** @throws UfoError for what this datagram can't have, before anything is charged for it */
  #check(device: NetDevice, { ident, plan }: To): void {
    if (plan !== undefined) checkPlannable(device);
    const most = this.family === 4 ? 0xffff : 0xffff_ffff;
    if (ident === undefined || (Number.isInteger(ident) && ident >= 1 && ident <= most)) return;
    throw argumentError('ident', ident, `1 … ${most} for IPv${this.family}`);
  }

  /** Builds the skb, chooses its way and queues it, in one go: nothing is on its way that `pending` doesn't know of. */
  #submit(peer: Peer, payload: Payload, to: To, settled: Settled, charged: number): void {
    const { device, transmitter } = peer.channel;
    const ident = to.ident ?? (this.family === 4 ? this.#idents.next4() : this.#idents.next6());
    const { plan, signal } = to;
    const skb = buildSkb(this.#sock, this.pool, peer.flow(), ident, payload, device.features, charged);
    if (plan === undefined) {
      const chosen = chooseWay(device, skb, this.#identsAreFixed(to));
      transmitter.submit(new Datagram(skb, payload.len, chosen, settled, signal));
    } else {
      const planned = planDatagram(skb, plan);
      const chosen = plannedWay(plan);
      transmitter.submit(new Datagram(planned.skb, payload.len, chosen, settled, signal, planned.rows));
    }
  }

  async #findPeer(host: string, port: number): Promise<Peer> {
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
    if (asked > most) {
      const whose = mtu < device.mtu ? 'the route' : interfaceName || device.name;
      throw argumentError('mtu', asked, `at most ${most}, the MTU of ${whose}`);
    }
    return asked;
  }

  #channel({ interfaceName, mtu }: RouteTo, companion: Companion | null): Promise<Channel> {
    let channel = this.#channels.get(interfaceName);
    if (channel === undefined) {
      const { family, pool, options } = this;
      const request = { family, interfaceName, mtu, pool, options, companion };
      channel = this.#openDevice(this.options.driver ?? 'raw-socket', request).then((device) => {
        const opened = new Channel(device, this.pool, this.#turnstile);
        this.#open.push(opened);
        return opened;
      });
      channel.catch(() => this.#channels.delete(interfaceName));
      this.#channels.set(interfaceName, channel);
    }
    return channel;
  }
}
