import { setTimeout as sleep } from 'node:timers/promises';
import { argumentError } from '../errors.js';
import { findInterface } from '../host/interfaces.js';
import { PagePool } from '../memory/page-pool.js';
import { UserMemory } from '../memory/user-memory.js';
import { skbAddForeignFrag } from '../skb/fill-page-desc.js';
import { createFlow, type Flow } from '../skb/flow.js';
import { allocSkb } from '../skb/skbuff.js';
import type { DriverName, LostFrames } from '../tx/net-device.js';
import { PlannedRows } from '../ufo/planned-rows.js';
import { formatAddress } from '../wire/address.js';
import { HEADER_LEN as ETHERNET_LEN } from '../wire/ethernet.js';
import { type Frame, frameData } from '../wire/frame.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { LINKTYPE_ETHERNET, linktypeName, NetworkLayer, networkLayer } from '../wire/link-layer.js';
import { Datagram } from './flight/datagram.js';
import { Turnstile } from './flight/turnstile.js';
import type { Pacer } from './options.js';
import { Channel } from './path/channel.js';
import { openDevice } from './path/open-device.js';
import { settledLoss } from './path/settled-loss.js';

export interface FrameOptions {
  /** Interface to send by. */
  readonly interface: string;
  /**
   * `packet-socket` (default) and `af-xdp` send Ethernet frames as they are; `raw-socket` sends the IP packets in frames of
   * any link type by the kernel's routes.
   */
  readonly driver?: Extract<DriverName, 'packet-socket' | 'raw-socket' | 'af-xdp'> | undefined;
  /** Each frame at its own time after the first; default as fast as they go, or as `pacer` says. */
  readonly timing?: boolean | undefined;
  readonly pacer?: Pacer | undefined;
  /** Aborted: no more frames are begun. */
  readonly signal?: AbortSignal | undefined;
}

export interface FramesSummary {
  /** Frames that the kernel has taken, and their octets. */
  readonly frames: number;
  readonly octets: number;
  readonly seconds: number;
  readonly lost: LostFrames;
}

/** Frames on their way at once. */
const MOST = 256;
/** Octets that go through the header arena; the rest is sent where it lies. */
const HEAD = 54;
const WAY = { way: 'unfragmented', why: 'a ready frame' } as const;

/**
 * Sends frames of one's own, of any protocol: from a capture, or made by hand. What they hold is sent as it is.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT naming the frame: cut by its capture, larger than the MTU, of a link type that
 *   the driver can't send; of the system, where a frame is refused
 */
export async function sendFrames(
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  options: FrameOptions,
): Promise<FramesSummary> {
  const sender = new FrameSender(options);
  const begin = performance.now();
  try {
    for await (const frame of frames) {
      options.signal?.throwIfAborted();
      await sender.send(frame);
    }
    await sender.settled(0);
    const seconds = (performance.now() - begin) / 1000;
    return { ...sender.counts, seconds, lost: await sender.lost() };
  } finally {
    await sender.close();
  }
}

class FrameSender {
  readonly counts = { frames: 0, octets: 0 };
  readonly #options: FrameOptions;
  readonly #pool = new PagePool(new UserMemory({ umemLen: 2 << 20 }));
  readonly #turnstile = new Turnstile();
  readonly #channels = new Map<4 | 6, Promise<Channel>>();
  readonly #open: Channel[] = [];
  readonly #flows = new Map<string, Flow>();
  readonly #network = new NetworkLayer();
  #number = 0;
  #onWay = 0;
  #failure: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;
  /** Time of the first frame, and when it went, milliseconds. */
  #start: { readonly stamp: number; readonly at: number } | null = null;

  constructor(options: FrameOptions) {
    this.#options = options;
  }

  async send(frame: Frame): Promise<void> {
    this.#number += 1;
    const octets = this.#octetsOf(frame);
    const { channel, flow } = await this.#way(octets);
    const most = channel.device.mtu + flow.linkHeader.length;
    if (octets.length > most)
      throw this.#refused(`${octets.length} octets`, `at most ${most}, what the interface carries`);
    await this.#wait(frame, octets.length);
    await this.settled(MOST - 1);
    this.#submit(channel, flow, octets);
  }

  /** Waits until at most so many are on their way. @throws what stopped one of them */
  async settled(most: number): Promise<void> {
    while (this.#onWay > most && this.#failure === null) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  lost(): Promise<LostFrames> {
    return settledLoss(this.#open.map(({ device }) => device));
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#channels.values());
    for (const channel of this.#open) await channel.close();
  }

  /** What the driver sends of a frame: all of it, or the IP packet in it. */
  #octetsOf(frame: Frame): Uint8Array {
    const { linktype, caplen, len } = frame;
    if (caplen < len) throw this.#refused(`${caplen} of ${len} octets`, 'a whole frame: its capture has cut it');
    const octets = Uint8Array.from(frameData(frame));
    const view = new DataView(octets.buffer);
    if (this.#options.driver === 'raw-socket') {
      if (!networkLayer(view, 0, octets.length, linktype, this.#network))
        throw this.#refused('no IP packet', 'one: raw-socket sends nothing else');
      return octets.subarray(this.#network.offset, this.#network.offset + this.#ipLen(view));
    }
    if (linktype === LINKTYPE_ETHERNET && octets.length >= ETHERNET_LEN) return octets;
    throw this.#refused(
      linktypeName(linktype) ?? `link type ${linktype}`,
      'an Ethernet frame',
      'raw-socket sends the IP packets in it',
    );
  }

  /** Octets of the packet as its header says; padding of the link is not sent. */
  #ipLen(view: DataView): number {
    const { family, offset, len } = this.#network;
    const least = family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN;
    if (len < least) throw this.#refused(`${len} octets of IP`, `at least ${least}, the header`);
    return Math.min(
      len,
      family === 4 ? ipv4.getTotLen(view, offset) : ipv6.HEADER_LEN + ipv6.getPayloadLen(view, offset),
    );
  }

  async #way(octets: Uint8Array): Promise<{ channel: Channel; flow: Flow }> {
    if (this.#options.driver !== 'raw-socket') {
      const flow = this.#flow('0.0.0.0', octets.subarray(0, ETHERNET_LEN));
      return { channel: await this.#channel(4), flow };
    }
    const family = octets[0]! >>> 4 === 4 ? 4 : 6;
    const to = formatAddress(octets, family === 4 ? ipv4.DESTINATION : ipv6.DESTINATION, family);
    return { channel: await this.#channel(family), flow: this.#flow(to, octets.subarray(0, 0)) };
  }

  #flow(destination: string, linkHeader: Uint8Array): Flow {
    let flow = this.#flows.get(destination);
    if (flow === undefined) {
      const source = destination.includes(':') ? '::' : '0.0.0.0';
      flow = createFlow({ source, sourcePort: 0, destination, destinationPort: 1, mtu: 65_535, linkHeader });
      this.#flows.set(destination, flow);
    }
    return flow;
  }

  #channel(family: 4 | 6): Promise<Channel> {
    let channel = this.#channels.get(family);
    if (channel === undefined) {
      channel = this.#openChannel(family);
      this.#channels.set(family, channel);
    }
    return channel;
  }

  async #openChannel(family: 4 | 6): Promise<Channel> {
    const { interface: name, driver = 'packet-socket' } = this.#options;
    const { mtu } = await findInterface(name);
    const options = { type: family === 4 ? 'udp4' : 'udp6', driver, interface: name } as const;
    const device = await openDevice(driver, {
      family,
      interfaceName: name,
      mtu,
      pool: this.#pool,
      options,
      companion: null,
    });
    const channel = new Channel(device, this.#pool, this.#turnstile);
    this.#open.push(channel);
    return channel;
  }

  async #wait(frame: Frame, len: number): Promise<void> {
    const { timing, pacer, signal } = this.#options;
    await pacer?.ready(1, 8 * len, signal);
    if (timing !== true) return;
    const stamp = frame.seconds * 1000 + frame.nanoseconds / 1e6;
    this.#start ??= { stamp, at: performance.now() };
    const left = stamp - this.#start.stamp - (performance.now() - this.#start.at);
    if (left > 0.5) await sleep(left, undefined, signal === undefined ? {} : { signal });
  }

  #submit(channel: Channel, flow: Flow, octets: Uint8Array): void {
    const skb = allocSkb(this.#pool, 0);
    skb.flow = flow;
    const head = Math.min(HEAD, octets.length);
    const payload = octets.subarray(head);
    skbAddForeignFrag(skb, payload);
    skb.shinfo.gsoSegs = 1;
    const rows = new PlannedRows(skb, [{ header: octets.subarray(0, head), payload, delay: 0 }]);
    this.#onWay += 1;
    const settled = (_datagram: Datagram, failure: { readonly error: unknown } | null): void => {
      this.#onWay -= 1;
      if (failure !== null) this.#failure ??= failure;
      else {
        this.counts.frames += 1;
        this.counts.octets += octets.length;
      }
      this.#wake?.();
      this.#wake = null;
    };
    channel.transmitter.submit(new Datagram(skb, octets.length, WAY, settled, this.#options.signal, rows));
  }

  #refused(got: string, want: string, hint?: string): Error {
    return argumentError(`frame ${this.#number}`, got, want, hint);
  }
}
