import { ERRNO } from '../../errors.js';
import { interfaceOf, type NetworkInterface } from '../../host/interfaces.js';
import type { PagePool } from '../../memory/page-pool.js';
import { NETIF_F_SG } from '../../skb/features.js';
import { EthernetLink, type EthernetOptions } from '../ethernet-link.js';
import { LinkWatch } from '../link-watch.js';
import { LossCounters } from '../loss-counters.js';
import type { LinkRequest, LostFrames, NetDevice, TxBatch } from '../net-device.js';
import { Bounce } from './bounce.js';
import { LiveFrames, type LiveWay } from './live-frames.js';

export interface XdpLiveOptions extends EthernetOptions {
  readonly interface: string | NetworkInterface;
  /** The pool that batches come from. Its memory becomes a BPF map. */
  readonly pool: PagePool;
  /** How frames get to the interface; by default redirected where it takes redirected frames, else by the stack. */
  readonly liveWay?: LiveWay;
}

/**
 * BPF live frames: the kernel makes XDP frames of its own, a program fills each from the segment table and the user pages
 * and sends it on, hundreds in one system call, and no skb is made on the way out.
 *
 *     redirect   frame → ndo_xdp_xmit of the interface                                    unseen by its captures
 *     pass       frame → skb on a private tap → tcx redirect → queueing layer → interface     seen by them
 */
export class XdpLive implements NetDevice {
  readonly name: string;
  readonly driver = 'xdp-live';
  readonly ifindex: number;
  readonly mtu: number;
  readonly features: number = NETIF_F_SG;
  readonly writesHeaders = true;
  readonly seenByCaptures: boolean;
  readonly zerocopy = false;
  readonly syscall = 'bpf';
  readonly notes: readonly string[];
  readonly #link: EthernetLink;
  readonly #watch: LinkWatch;
  readonly #loss: LossCounters;
  readonly #frames: LiveFrames;
  readonly #bounce: Bounce;
  #closed = false;

  constructor({ name, ifindex, mtu }: NetworkInterface, link: EthernetLink, frames: LiveFrames, bounce: Bounce) {
    this.name = name;
    this.ifindex = ifindex;
    this.mtu = link.mtu;
    const way = frames.way() ?? 'pass';
    this.seenByCaptures = way === 'pass';
    this.notes = [describeWay(way, name)];
    this.#link = link;
    this.#watch = new LinkWatch(name, mtu);
    this.#loss = new LossCounters(name);
    this.#frames = frames;
    this.#bounce = bounce;
  }

  packetMtu(interfaceMtu: number): number {
    return this.#link.packetMtu(interfaceMtu);
  }

  linkHeader(request: LinkRequest): Promise<Uint8Array> {
    return this.#link.header(request);
  }

  /** Frames that can't go out vanish uncounted below us, so all that could stop them is looked at first. */
  xmit(batch: TxBatch, first: number): number {
    if (this.#closed) return -ERRNO.EBADF;
    if (!this.#watch.works()) return -ERRNO.ENETDOWN;
    const longest = Math.min(this.#frames.longest, this.#link.maxFrameLen(this.#watch.mtu()));
    const { frameLen, rows } = batch.table;
    let end = first;
    while (end < rows && frameLen[end]! <= longest) end += 1;
    if (end === first) return -ERRNO.EMSGSIZE;
    end = this.#bounce.put(batch, first, end);
    try {
      const made = this.#frames.run(first, end, frameLen[first]!);
      if (made > 0) this.#loss.taken += made;
      return made;
    } finally {
      this.#bounce.takeBack(batch);
    }
  }

  /** A run has sent its frames when it returns. */
  async writable(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
  }

  /** What the program made no frame of was taken, and is missing from what the interface counts. */
  lost(): LostFrames {
    const { refused } = this.#frames;
    const lost = this.#loss.read();
    if (refused === 0) return lost;
    const unknown = lost.unknown === null ? null : Math.max(0, lost.unknown - refused);
    return { ...lost, driver: (lost.driver ?? 0) + refused, unknown };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#frames.close();
    this.#watch.close();
    this.#bounce.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Opens an interface for live frames.
 * @throws UfoError ERR_UFO_UNSUPPORTED with the reason wherever frames would vanish: a user namespace, a kernel without live
 *   frames, an interface that takes no redirected frames (and 'redirect' was asked for), an MTU above what a frame holds.
 */
export async function openXdpLive(options: XdpLiveOptions): Promise<XdpLive> {
  const networkInterface = await interfaceOf(options.interface);
  const link = new EthernetLink(networkInterface, options);
  const { pool, liveWay } = options;
  const frames = new LiveFrames(networkInterface, link.maxFrameLen(networkInterface.mtu), pool.memory, liveWay);
  let bounce: Bounce | undefined;
  try {
    bounce = new Bounce(pool);
    return new XdpLive(networkInterface, link, frames, bounce);
  } catch (error) {
    bounce?.release();
    frames.close();
    throw error;
  }
}

function describeWay(way: LiveWay, name: string): string {
  return way === 'redirect'
    ? `frames are redirected to ${name} below the stack: captures on it see nothing of them, nor do the counters of some drivers; captures at the far end do`
    : `${name} takes no redirected frames, so they go to it by way of a private tap and the queueing layer`;
}
