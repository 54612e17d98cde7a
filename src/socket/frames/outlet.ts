import { findInterface } from '../../host/interfaces.js';
import { PagePool } from '../../memory/page-pool.js';
import { UserMemory } from '../../memory/user-memory.js';
import { skbAddForeignFrag } from '../../skb/fill-page-desc.js';
import { createFlow, type Flow } from '../../skb/flow.js';
import { allocSkb } from '../../skb/skbuff.js';
import type { LostFrames } from '../../tx/net-device.js';
import { PlannedRows } from '../../ufo/planned-rows.js';
import { formatAddress } from '../../wire/address.js';
import { HEADER_LEN as ETHERNET_LEN, MAC_LEN } from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { Datagram } from '../flight/datagram.js';
import { Turnstile } from '../flight/turnstile.js';
import { Channel } from '../path/channel.js';
import { openDevice } from '../path/open-device.js';
import { settledLoss } from '../path/settled-loss.js';
import { refuseLong } from './ready.js';
import type { FrameDriver, FrameWay } from './ways.js';

export interface OutletOptions {
  readonly interface?: string | undefined;
  readonly driver: FrameDriver;
  readonly file?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Frames on their way at once. */
const MOST = 256;
/** Octets that go through the header arena; the rest is sent where it lies. */
const HEAD = 54;
/** Of a packet that a file takes. */
const ANY_MTU = 65_575;
const WAY = { way: 'unfragmented', why: 'a ready frame' } as const;
const NO_MAC = new Uint8Array(MAC_LEN);

/** Hands ready frames to a driver: a channel for each family where the kernel routes them, else one. */
export class FrameOutlet {
  readonly counts = { frames: 0, octets: 0 };
  readonly #options: OutletOptions;
  readonly #pool = new PagePool(new UserMemory({ umemLen: 2 << 20 }));
  readonly #turnstile = new Turnstile();
  readonly #channels = new Map<4 | 6, Promise<Channel>>();
  readonly #open: Channel[] = [];
  readonly #flows = new Map<string, Flow>();
  /** Where the frame that `ready` looked at goes. */
  #next: { readonly channel: Channel; readonly flow: Flow } | null = null;
  #onWay = 0;
  #failure: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;

  constructor(options: OutletOptions) {
    this.#options = options;
  }

  /** Waits until this frame may be handed over. @throws UfoError where it is too large, or an earlier one was refused */
  async ready(octets: Uint8Array, number: number, way: FrameWay): Promise<void> {
    this.#next = await this.#way(octets, way.sends);
    refuseLong(octets, number, this.#next.channel.device.mtu, way);
    await this.settled(MOST - 1);
  }

  /** Hands over the frame that `ready` looked at; its octets must stay as they are. */
  submit(octets: Uint8Array): void {
    const { channel, flow } = this.#next!;
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

  async #way(octets: Uint8Array, sends: FrameWay['sends']): Promise<{ channel: Channel; flow: Flow }> {
    if (sends === 'frames') {
      const flow = this.#flow('0.0.0.0', octets.subarray(0, ETHERNET_LEN));
      return { channel: await this.#channel(4, sends), flow };
    }
    const family = octets[0]! >>> 4 === 4 ? 4 : 6;
    const to = formatAddress(octets, family === 4 ? ipv4.DESTINATION : ipv6.DESTINATION, family);
    const channel = await this.#channel(this.#options.driver === 'pcap-file' ? 4 : family, sends);
    return { channel, flow: this.#flow(to, octets.subarray(0, 0)) };
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

  #channel(family: 4 | 6, sends: FrameWay['sends']): Promise<Channel> {
    let channel = this.#channels.get(family);
    if (channel === undefined) {
      channel = this.#openChannel(family, sends);
      this.#channels.set(family, channel);
    }
    return channel;
  }

  async #openChannel(family: 4 | 6, sends: FrameWay['sends']): Promise<Channel> {
    const { interface: name, driver, file } = this.#options;
    const mtu = name === undefined ? ANY_MTU : (await findInterface(name)).mtu;
    // That it has Ethernet addresses makes a file one of Ethernet frames; those of the frames are in them.
    const link = file === undefined ? {} : { file, ...(sends === 'frames' && { sourceMac: NO_MAC }) };
    const device = await openDevice(driver, {
      ...{ family, interface: name ?? '', mtu, pool: this.#pool, companion: null },
      options: { type: family === 4 ? 'udp4' : 'udp6', driver, interface: name, ...link },
    });
    const channel = new Channel(device, this.#pool, this.#turnstile);
    this.#open.push(channel);
    return channel;
  }
}
