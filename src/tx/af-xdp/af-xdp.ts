import { setTimeout as sleep } from 'node:timers/promises';
import { argumentError, ERRNO, type UfoError } from '../../errors.js';
import { interfaceOf, type NetworkInterface } from '../../host/interfaces.js';
import { PAGE_SIZE, type UserMemory } from '../../memory/user-memory.js';
import { NETIF_F_SG } from '../../skb/features.js';
import { EthernetLink, type EthernetOptions } from '../ethernet-link.js';
import { LinkWatch } from '../link-watch.js';
import { LossCounters } from '../loss-counters.js';
import { type LinkRequest, type LostFrames, type NetDevice, rowLen, type TxBatch } from '../net-device.js';
import { callLimit } from '../send-batch.js';
import type { UmemFrames } from './frames.js';
import { type XdpMode, type XdpRequest, XdpSocket } from './socket.js';

export interface AfXdpOptions extends EthernetOptions {
  readonly interface: string | NetworkInterface;
  /** The memory that all rows will lie in; its `umem` region (2 MiB is best) becomes the UMEM. */
  readonly memory: UserMemory;
  /** Transmit queue of the interface; 0 by default. One socket a queue. */
  readonly queue?: number;
  /** 'auto' by default: zero-copy where the driver has it, else copy mode. */
  readonly mode?: XdpMode;
}

/** Frames copied before the kernel is told: few enough that it finds the chunks in the cache. */
const BURST = 64;
/** Wake-ups for one burst; a kernel before 6.17 sends 32 frames in each. */
const MAX_WAKES = 8;
const SMALL_CHUNK = 2048;
/** How long `writable` and `close` wait for completions, milliseconds. */
const WAIT_MS = 1000;
const RELEASED_WITHIN_MS = 250;

/**
 * Frames through an AF_XDP transmit ring, past the whole stack. Header and payload are copied together into chunks of the
 * UMEM: a descriptor a piece instead costs the kernel more than the copy costs us. A frame longer than a page takes several
 * chunks (XDP_USE_SG). An skb is held until the last of its chunks comes out of the completion ring.
 *
 *     chunk   | link, IP, … header | piece | piece …        |
 */
export class AfXdp implements NetDevice {
  readonly name: string;
  readonly driver = 'af-xdp';
  readonly ifindex: number;
  readonly mtu: number;
  readonly features: number = NETIF_F_SG;
  readonly writesHeaders = true;
  readonly seenByCaptures = false;
  readonly zerocopy = false;
  readonly syscall = 'sendto';
  /** 'zerocopy' where the driver reads the UMEM itself; in 'copy' mode the kernel makes an skb of every frame. */
  readonly mode: 'copy' | 'zerocopy';
  #socket: XdpSocket | null;
  readonly #link: EthernetLink;
  readonly #frames: UmemFrames;
  /** Octets of the longest frame that the chunks take. */
  readonly #longest: number;
  readonly #loss: LossCounters;
  readonly #linkWatch: LinkWatch;
  #reaper: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  /** @param longest octets of the longest frame that the chunks take */
  constructor(socket: XdpSocket, { name, ifindex, mtu }: NetworkInterface, link: EthernetLink, longest: number) {
    this.#socket = socket;
    this.name = name;
    this.ifindex = ifindex;
    this.mode = socket.zerocopy ? 'zerocopy' : 'copy';
    this.mtu = Math.min(link.mtu, longest - link.headerLen);
    this.#link = link;
    this.#frames = socket.frames;
    this.#longest = longest;
    this.#loss = new LossCounters(name);
    this.#linkWatch = new LinkWatch(name, mtu);
  }

  /** Frames that the kernel has not reported as done. */
  get underWay(): number {
    return this.#frames.underWay;
  }

  packetMtu(interfaceMtu: number): number {
    return this.#link.packetMtu(interfaceMtu);
  }

  linkHeader(request: LinkRequest): Promise<Uint8Array> {
    return this.#link.header(request);
  }

  xmit(batch: TxBatch, first: number): number {
    const socket = this.#socket;
    if (socket === null) return -ERRNO.EBADF;
    // The kernel checks no length here: what the interface can't send would be dropped at the other end, in silence.
    const longest = Math.min(this.#longest, this.#link.maxFrameLen(this.#linkWatch.mtu()));
    if (rowLen(batch, first) > longest) return -ERRNO.EMSGSIZE;
    const state = socket.wake(); // sends what an earlier call left behind, and tells whether the link is up
    if (isFatal(state)) return state;
    socket.reap();
    const end = callLimit(batch, first);
    let row = first;
    while (row < end) {
      const from = row;
      row = this.#frames.fill(batch, row, Math.min(end, row + BURST), longest);
      socket.publish();
      if (row === from || !this.#drain(socket)) break;
    }
    this.#watch();
    this.#loss.taken += row - first;
    return row > first ? row - first : -ERRNO.EAGAIN;
  }

  /** Room comes with completions; nothing tells of them but the ring, so it is looked at every millisecond. */
  async writable(signal?: AbortSignal): Promise<void> {
    for (let waited = 0; waited < WAIT_MS; waited++) {
      signal?.throwIfAborted();
      const socket = this.#socket;
      if (socket === null || isFatal(socket.wake())) return; // the next xmit tells
      socket.reap();
      if (this.#frames.takes(this.#longest) && socket.tx.waiting === 0) return;
      await sleep(1, undefined, signal === undefined ? {} : { signal });
    }
  }

  lost(): LostFrames {
    return this.#loss.read();
  }

  /** Waits up to a second for what is under way; skbs that are not done by then are released as not sent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const socket = this.#socket!;
    this.#socket = null;
    if (this.#reaper !== null) clearTimeout(this.#reaper);
    for (let waited = 0; waited < WAIT_MS && this.underWay > 0; waited++) {
      socket.wake();
      socket.reap();
      if (this.underWay > 0) await sleep(1);
    }
    socket.close();
    this.#linkWatch.close();
    this.#frames.dropAll();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Makes the kernel read the ring, and takes back what it is done with; false where it is full. */
  #drain(socket: XdpSocket): boolean {
    for (let wakes = 0; wakes < MAX_WAKES && socket.tx.waiting > 0; wakes++) {
      if (socket.zerocopy && !socket.tx.needsWakeup) break;
      socket.wake();
    }
    socket.reap();
    return socket.zerocopy || socket.tx.waiting === 0;
  }

  /** Completions must come through when nothing more is sent, too: somebody may wait for them. */
  #watch(): void {
    if (this.#reaper !== null || this.underWay === 0) return;
    this.#reaper = setTimeout(() => {
      this.#reaper = null;
      if (this.#socket === null) return;
      this.#socket.wake();
      this.#socket.reap();
      this.#watch();
    }, 1);
  }
}

/**
 * Opens a transmit queue of an interface.
 * @throws UfoError as `XdpSocket`; ERR_UFO_INVALID_ARGUMENT for an unknown interface or a memory without UMEM,
 *   ERR_UFO_UNSUPPORTED where the interface is not Ethernet.
 */
export async function openAfXdp(options: AfXdpOptions): Promise<AfXdp> {
  const { memory, queue = 0, mode = 'auto' } = options;
  if (memory.umem.len === 0) throw argumentError('umemLen', 0, 'a memory with a UMEM, best 2 MiB');
  const networkInterface = await interfaceOf(options.interface);
  const link = new EthernetLink(networkInterface, options);
  const longest = link.mtu + link.headerLen;
  if (memory.umem.len < longest) throw argumentError('umemLen', memory.umem.len, `at least ${longest}, for a frame`);
  const request = { networkInterface, queue, mode, memory };
  if (longest > PAGE_SIZE) {
    const socket = await openScattered({ ...request, chunkLen: PAGE_SIZE, scatterGather: true });
    if (socket !== null) return deviceOver(socket, networkInterface, link, longest);
  }
  const chunkLen = longest <= SMALL_CHUNK ? SMALL_CHUNK : PAGE_SIZE; // the kernel has no larger ones
  const socket = await openWhenFree({ ...request, chunkLen, scatterGather: false });
  return deviceOver(socket, networkInterface, link, Math.min(longest, chunkLen));
}

/** The socket is closed where no device comes of it. */
function deviceOver(socket: XdpSocket, ...rest: [NetworkInterface, EthernetLink, longest: number]): AfXdp {
  try {
    return new AfXdp(socket, ...rest);
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** null: this kernel knows no frames of several chunks. */
async function openScattered(request: XdpRequest): Promise<XdpSocket | null> {
  try {
    return await openWhenFree(request);
  } catch (error) {
    if ((error as UfoError).code === 'EINVAL') return null;
    throw error;
  }
}

/**
 * The kernel takes a closed socket down, and unlocks its memory, some milliseconds later: not every EBUSY is another program.
 * Each refused try locks memory for as long, so they come at growing distances, and an ENOBUFS after EBUSY is their own.
 */
async function openWhenFree(request: XdpRequest): Promise<XdpSocket> {
  const deadline = performance.now() + RELEASED_WITHIN_MS;
  let busy: unknown;
  for (let pauseMs = 5; ; pauseMs *= 2) {
    try {
      return new XdpSocket(request);
    } catch (error) {
      const { code } = error as UfoError;
      if (code !== 'EBUSY' && code !== 'ENOBUFS') throw error;
      if (code === 'EBUSY') busy = error;
      if (performance.now() > deadline) throw busy ?? error;
    }
    await sleep(pauseMs);
  }
}

/** Everything but success and the three ways of saying "later". */
function isFatal(state: number): boolean {
  return state < 0 && state !== -ERRNO.EAGAIN && state !== -ERRNO.EBUSY && state !== -ERRNO.ENOBUFS;
}
