import { setTimeout as sleep } from 'node:timers/promises';
import { argumentError, ERRNO, type UfoError } from '../../errors.js';
import { findInterface, type NetworkInterface } from '../../host/interfaces.js';
import type { PagePool } from '../../memory/page-pool.js';
import type { SegmentTable } from '../../memory/segment-table.js';
import { PAGE_SIZE, type UserMemory } from '../../memory/user-memory.js';
import { NETIF_F_SG } from '../../skb/features.js';
import { EthernetLink, type EthernetOptions } from '../ethernet-link.js';
import { LinkWatch } from '../link-watch.js';
import { LossCounters } from '../loss-counters.js';
import type { LinkRequest, LostFrames, NetDevice, TxBatch } from '../net-device.js';
import { callLimit } from '../send-batch.js';
import { XdpChunks } from './chunks.js';
import { type XdpMode, type XdpRequest, XdpSocket } from './socket.js';

export interface AfXdpOptions extends EthernetOptions {
  readonly interface: string;
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
/** Octets that a frame may lie behind the beginning of its chunk, rounded. */
const MAX_PAD = 4;
/** How long `writable` and `close` wait for completions, milliseconds. */
const WAIT_MS = 1000;
const RELEASED_WITHIN_MS = 250;

/**
 * Frames through an AF_XDP transmit ring, past the whole stack. Header and payload are copied together into chunks of the
 * UMEM, one SIMD kernel call a piece: a descriptor a piece instead (XDP_USE_SG) costs the kernel more than the copy costs
 * us. An skb is held until the last of its chunks comes out of the completion ring.
 *
 *     chunk   | 0–3 octets | link, IP, … header | piece | piece …        |
 */
export class AfXdp implements NetDevice {
  readonly name: string;
  readonly driver = 'af-xdp';
  readonly ifindex: number;
  readonly mtu: number;
  readonly features: number = NETIF_F_SG;
  readonly writesHeaders = false;
  readonly zerocopy = false;
  readonly syscall = 'sendto';
  /** 'zerocopy' where the driver reads the UMEM itself; in 'copy' mode the kernel makes an skb of every frame. */
  readonly mode: 'copy' | 'zerocopy';
  #socket: XdpSocket | null;
  readonly #link: EthernetLink;
  readonly #memory: UserMemory;
  readonly #chunkLen: number;
  readonly #chunkShift: number;
  readonly #chunks: XdpChunks;
  readonly #loss: LossCounters;
  readonly #linkWatch: LinkWatch;
  #reaper: NodeJS.Timeout | null = null;

  constructor(socket: XdpSocket, { name, ifindex, mtu }: NetworkInterface, link: EthernetLink, memory: UserMemory) {
    this.#socket = socket;
    this.name = name;
    this.ifindex = ifindex;
    this.mode = socket.zerocopy ? 'zerocopy' : 'copy';
    this.mtu = Math.min(link.mtu, socket.chunkLen - MAX_PAD - link.headerLen);
    this.#link = link;
    this.#memory = memory;
    this.#chunkLen = socket.chunkLen;
    this.#chunkShift = 31 - Math.clz32(socket.chunkLen);
    this.#chunks = new XdpChunks(memory.umem.len / socket.chunkLen);
    this.#loss = new LossCounters(name);
    this.#linkWatch = new LinkWatch(name, mtu);
  }

  /** Frames that the kernel has not reported as done. */
  get underWay(): number {
    return this.#chunks.underWay;
  }

  linkHeader(request: LinkRequest): Promise<Uint8Array> {
    return this.#link.header(request);
  }

  xmit(batch: TxBatch, first: number): number {
    const socket = this.#socket;
    if (socket === null) return -ERRNO.EBADF;
    // The kernel checks no length here: what the interface can't send would be dropped at the other end, in silence.
    const longest = Math.min(this.#chunkLen - MAX_PAD, this.#link.maxFrameLen(this.#linkWatch.mtu()));
    if (batch.table.frameLen[first]! > longest) return -ERRNO.EMSGSIZE;
    const state = socket.wake(); // sends what an earlier call left behind, and tells whether the link is up
    if (isFatal(state)) return state;
    this.#reap(socket);
    const end = callLimit(batch, first);
    let row = first;
    while (row < end && this.#chunks.free > 0) {
      const from = row;
      row = this.#fill(socket, batch, row, Math.min(end, row + BURST, row + this.#chunks.free), longest);
      socket.tx.publish();
      if (row === from || !this.#drain(socket)) break;
    }
    this.#watch();
    return row > first ? row - first : -ERRNO.EAGAIN;
  }

  /** Room comes with completions; nothing tells of them but the ring, so it is looked at every millisecond. */
  async writable(signal?: AbortSignal): Promise<void> {
    for (let waited = 0; waited < WAIT_MS; waited++) {
      signal?.throwIfAborted();
      const socket = this.#socket;
      if (socket === null || isFatal(socket.wake())) return; // the next xmit tells
      this.#reap(socket);
      if (this.#chunks.free > 0 && socket.tx.waiting === 0) return;
      await sleep(1, undefined, signal === undefined ? {} : { signal });
    }
  }

  lost(): LostFrames {
    return this.#loss.read();
  }

  /** Waits up to a second for what is under way; skbs that are not done by then are released as not sent. */
  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    if (this.#reaper !== null) clearTimeout(this.#reaper);
    for (let waited = 0; waited < WAIT_MS && this.underWay > 0; waited++) {
      socket.wake();
      this.#reap(socket);
      if (this.underWay > 0) await sleep(1);
    }
    socket.close();
    this.#linkWatch.close();
    this.#chunks.dropAll();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Copies rows into chunks and puts them into the ring; stops at one that is too long. Returns the row behind the last. */
  #fill(socket: XdpSocket, batch: TxBatch, first: number, end: number, longest: number): number {
    const { table, skbs } = batch;
    const { frameLen, headOffset, owner } = table;
    const { offset } = this.#memory.umem;
    const chunks = this.#chunks;
    const chunkLen = this.#chunkLen;
    for (let row = first; row < end; row++) {
      const len = frameLen[row]!;
      if (len > longest) return row;
      const at = chunks.take(skbs[owner[row]!]!) * chunkLen + (headOffset[row]! & 3);
      this.#copyRow(batch, row, offset + at);
      socket.tx.push(at, len);
    }
    return end;
  }

  /** A chunk has the header's alignment, so that it goes by words; the octets copied too many lie under the next piece. */
  #copyRow({ table, pool }: TxBatch, row: number, target: number): void {
    const { words, sums } = this.#memory;
    const headLen = table.headLen[row]!;
    const last = (target + headLen - 1) >>> 2;
    let from = table.headOffset[row]! >>> 2;
    if (headLen > 0) for (let to = target >>> 2; to <= last; to++) words[to] = words[from++]!;
    let at = target + headLen;
    const end = table.firstPiece[row + 1]!;
    for (let piece = table.firstPiece[row]!; piece < end; piece++) {
      const page = table.piecePage[piece]!;
      const len = table.pieceLen[piece]!;
      if (pool.isForeign(page)) this.#copyForeign(pool, table, piece, at);
      else sums.copyAndSum(at, pool.offsetOf(page) + table.pieceOffset[piece]!, len);
      at += len;
    }
  }

  #copyForeign(pool: PagePool, table: SegmentTable, piece: number, at: number): void {
    pool.copyOut(table.piecePage[piece]!, table.pieceOffset[piece]!, table.pieceLen[piece]!, this.#memory.bytes, at);
  }

  /** Makes the kernel read the ring, and takes back what it is done with; false where it is full. */
  #drain(socket: XdpSocket): boolean {
    for (let wakes = 0; wakes < MAX_WAKES && socket.tx.waiting > 0; wakes++) {
      if (socket.zerocopy && !socket.tx.needsWakeup) break;
      socket.wake();
    }
    this.#reap(socket);
    return socket.zerocopy || socket.tx.waiting === 0;
  }

  #reap({ completion }: XdpSocket): void {
    const { ready } = completion;
    if (ready === 0) return;
    const chunks = this.#chunks;
    const shift = this.#chunkShift;
    for (let i = 0; i < ready; i++) chunks.put(completion.shift() >>> shift);
    completion.release();
  }

  /** Completions must come through when nothing more is sent, too: somebody may wait for them. */
  #watch(): void {
    if (this.#reaper !== null || this.underWay === 0) return;
    this.#reaper = setTimeout(() => {
      this.#reaper = null;
      if (this.#socket === null) return;
      this.#socket.wake();
      this.#reap(this.#socket);
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
  const networkInterface = await findInterface(options.interface);
  const link = new EthernetLink(networkInterface, options);
  const socket = await openWhenFree({
    networkInterface,
    queue,
    mode,
    umemAddress: memory.address + memory.umem.offset,
    umemLen: memory.umem.len,
    chunkLen: link.mtu + link.headerLen + MAX_PAD <= SMALL_CHUNK ? SMALL_CHUNK : PAGE_SIZE, // the kernel has no larger ones
  });
  return new AfXdp(socket, networkInterface, link, memory);
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
