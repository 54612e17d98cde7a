import type { Companion } from '../../companion/companion.js';
import { argumentError, unsupportedError } from '../../errors.js';
import type { PagePool } from '../../memory/page-pool.js';
import { createFlow, type Flow } from '../../skb/flow.js';
import type { LostFrames, NetDevice } from '../../tx/net-device.js';
import { parseAddress } from '../../wire/address.js';
import { Turnstile } from '../flight/turnstile.js';
import type { SocketOptions } from '../options.js';
import { abortable } from '../waiting/abortable.js';
import { Channel } from './channel.js';
import { DEFAULT_DRIVER } from './choose-driver.js';
import type { OpenDevice } from './open-device.js';
import { Peer } from './peer.js';
import { type RouteTo, resolveHost, routeTo } from './route-to.js';
import { PathSettings } from './settings.js';
import { settledLoss } from './settled-loss.js';

const DEFAULT_TTL = 64;
/** Peers that are kept, 2 KB each; the way to one that was not asked for so long is looked for again. */
const MOST_PEERS = 4096;

/** Where a socket sends from: an address of its choice or null for the route's, and a port, 0 for the kernel's choice. */
export interface Local {
  readonly address: string | null;
  readonly port: number;
}

/** What a socket's ways out are made from. */
export interface PathOptions {
  readonly options: SocketOptions;
  readonly family: 4 | 6;
  readonly pool: PagePool;
  /** Opens the companion on first use; null where the driver has none. */
  readonly companion: () => Promise<Companion | null>;
  readonly open: OpenDevice;
  /** Aborted when no plan's delay is to be waited for any more. */
  readonly ending: AbortSignal;
}

/**
 * The peers and channels that a socket has opened so far:
 *
 *     peer (address, port) ──▶ channel (interface) ──▶ device
 */
export class Paths {
  local: Local = { address: null, port: 0 };
  readonly settings: PathSettings;
  readonly #with: PathOptions;
  readonly #turnstile = new Turnstile();
  readonly #open: Channel[] = [];
  readonly #channels = new Map<string, Promise<Channel>>();
  readonly #peers = new Map<string, Promise<Peer>>();

  constructor(options: PathOptions) {
    this.#with = options;
    this.settings = new PathSettings(options.options);
  }

  /** The peer at an address literal or a name, opened on first use. Aborting ends the wait, others may still want it. */
  peer(host: string, port: number, signal?: AbortSignal): Promise<Peer> {
    return abortable(this.#known(`${host} ${port}`) ?? this.#findPeer(host, port), signal);
  }

  /** Where they are full, it becomes the one that was asked for last. */
  #known(key: string): Promise<Peer> | undefined {
    const peer = this.#peers.get(key);
    if (peer !== undefined && this.#peers.size === MOST_PEERS) {
      this.#peers.delete(key);
      this.#peers.set(key, peer);
    }
    return peer;
  }

  /** Whether datagrams are on their way, and with them pages. */
  get pending(): boolean {
    return this.#open.some(({ transmitter }) => transmitter.pending > 0);
  }

  /** Takes back what is queued and not begun. */
  turnAway(error: unknown): void {
    for (const { transmitter } of this.#open) transmitter.turnAway(error);
  }

  async idle(): Promise<void> {
    for (const channel of await Promise.all(this.#channels.values())) await channel.transmitter.idle();
  }

  /** What the devices have lost so far, when what is under way has gone; null where a driver cannot know. */
  async lost(): Promise<LostFrames> {
    return settledLoss((await Promise.all(this.#channels.values())).map(({ device }) => device));
  }

  /** Sends what is queued, then closes every device; what failed of it, each once all have been closed. */
  async close(): Promise<unknown[]> {
    const channels = await Promise.allSettled(this.#channels.values());
    const opened = channels.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const closings = await Promise.allSettled(opened.map((channel) => channel.close()));
    return closings.flatMap((closing) => (closing.status === 'rejected' ? [closing.reason] : []));
  }

  /** From now on the way to everybody is looked for again: a setting has changed that it depends on. */
  forgetPeers(): void {
    this.#peers.clear();
  }

  /** Whether the host's own members of a group get what is sent to it; only drivers above the IP stack can. */
  setMulticastLoopback(on: boolean): void {
    this.settings.multicastLoopback = on;
    for (const { device } of this.#open) device.setMulticastLoopback?.(on);
  }

  async #findPeer(host: string, port: number): Promise<Peer> {
    const address = await resolveHost(host, this.#with.family, this.#with.options.lookup);
    const key = `${address} ${port}`;
    let peer = this.#known(key);
    if (peer === undefined) {
      const opened = this.#openPeer(address, port);
      peer = opened;
      opened.catch(() => {
        if (this.#peers.get(key) === opened) this.#peers.delete(key);
      });
      this.#peers.set(key, peer);
      if (this.#peers.size > MOST_PEERS) this.#peers.delete(this.#peers.keys().next().value!);
    }
    return peer;
  }

  async #openPeer(address: string, port: number): Promise<Peer> {
    const { settings } = this;
    const { options, family } = this.#with;
    const companion = await this.#with.companion();
    const route = await routeTo(address, options, this.local.address, settings);
    const channel = await this.#channel(route, companion);
    const zoned = family === 6 && route.bound ? `${route.address}%${route.interface}` : address;
    const pathMtu = (await companion?.watchPath(zoned, port)) ?? (() => Number.POSITIVE_INFINITY);
    const ttl = route.multicast ? () => settings.multicastTtl : () => settings.ttl ?? DEFAULT_TTL;
    const flow = await this.#flow(route, port, channel, companion?.address().port ?? this.local.port);
    return new Peer(channel, zoned, flow, { pathMtu, ttl });
  }

  async #flow(way: RouteTo, destinationPort: number, channel: Channel, sourcePort: number): Promise<Flow> {
    const { source, address: destination, route } = way;
    const { tos, flowLabel, dontFragment, options, extensionHeaders, checksum } = this.#with.options;
    refuseNoSource(source, channel.device);
    const linkHeader = await channel.device.linkHeader({
      family: this.#with.family,
      source: parseAddress(source)!.octets,
      destination: parseAddress(destination)!.octets,
      ...(route && { route }),
    });
    return createFlow({
      ...{ source, sourcePort, destination, destinationPort, mtu: this.#mtuOf(way, channel), linkHeader },
      ...{ tos, flowLabel, dontFragment, options, extensionHeaders, checksum },
    });
  }

  #mtuOf({ mtu, interface: interfaceName }: RouteTo, { device }: Channel): number {
    const most = Math.min(mtu, device.mtu);
    const { mtu: asked } = this.#with.options;
    if (asked === undefined) return most;
    if (asked > most) {
      const by = interfaceName || device.name;
      throw argumentError('mtu', asked, `at most ${most}, the MTU of the way there by ${by}`);
    }
    return asked;
  }

  #channel(way: RouteTo, companion: Companion | null): Promise<Channel> {
    const { interface: interfaceName, mtu, bound, link, route } = way;
    const toSelf = route?.type === 'local' || link?.linkType === 'loopback';
    const key = `${interfaceName} ${bound} ${toSelf}`;
    let channel = this.#channels.get(key);
    if (channel === undefined) {
      const { family, pool, options: asked, open } = this.#with;
      const options = bound ? { ...asked, interface: interfaceName } : asked;
      const source = this.local.address ?? undefined;
      const request = { family, interface: interfaceName, mtu, link, toSelf, pool, options, source, companion };
      channel = open(options.driver ?? DEFAULT_DRIVER, request).then((device) => this.#use(device));
      channel.catch(() => this.#channels.delete(key));
      this.#channels.set(key, channel);
    }
    return channel;
  }

  #use(device: NetDevice): Channel {
    const opened = new Channel(device, this.#with.pool, this.#turnstile, this.#with.ending);
    this.#open.push(opened);
    if (!this.settings.multicastLoopback) device.setMulticastLoopback?.(false);
    return opened;
  }
}

/** The kernel would put another one in, which the UDP checksum is not over (`raw_send_hdrinc`). */
function refuseNoSource(source: string, { driver, rightsIpv4Headers }: NetDevice): void {
  if (rightsIpv4Headers !== true || source !== '0.0.0.0') return;
  throw unsupportedError(
    `source: with ${driver} the kernel writes a source of 0.0.0.0 itself`,
    'use a driver that sends frames as they are, for example packet-socket',
  );
}
