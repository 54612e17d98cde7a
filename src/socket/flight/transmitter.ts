import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { ERRNO, type UfoError } from '../../errors.js';
import type { PagePool } from '../../memory/page-pool.js';
import { SegmentTable } from '../../memory/segment-table.js';
import { NETIF_F_HW_CSUM } from '../../skb/features.js';
import { consumeSkb, kfreeSkb, skbTxError } from '../../skb/release.js';
import { SKB_GSO_UDP_L4 } from '../../skb/shared-info.js';
import type { SkBuff } from '../../skb/skbuff.js';
import type { NetDevice, TxBatch } from '../../tx/net-device.js';
import { skbChecksumHelp } from '../../ufo/make-skb.js';
import { pushJoined, pushPayload, pushWhole, type RowSource, Segmenter } from '../../ufo/segment.js';
import type { Datagram, DatagramSource } from './datagram.js';
import { endedError, STALL, sendError } from './error.js';
import { DatagramQueue } from './queue.js';
import type { Turnstile } from './turnstile.js';

/** The main thread returns to its loop at least this often, in milliseconds. */
const TURN = 10;

/**
 * Drives datagrams from the queue through the UFO stage into the device, batch by batch:
 *
 *     submit → queue → (cut | hand over) → segment table → device.xmit → settled
 *
 * One table serves for good. A datagram with more fragments than the table has rows goes out in several batches. Nothing
 * here allocates per fragment. Every datagram is settled exactly once, whatever the device or a plan does to its rows.
 */
export class Transmitter {
  readonly #device: NetDevice;
  readonly #turnstile: Turnstile;
  readonly #refused: (errno: number) => void;
  readonly #ending: AbortSignal | undefined;
  readonly #table: SegmentTable;
  readonly #segmenter = new Segmenter();
  readonly #queue = new DatagramQueue((datagram, error) => {
    kfreeSkb(datagram.skb);
    datagram.settled(datagram, { error });
  });
  /** Streams that make their datagrams when there is room for them; asked in turn, after the queue. */
  readonly #streams: DatagramSource[] = [];
  /** The datagrams of the current batch, and their skbs as the device sees them. */
  readonly #inBatch: Datagram[] = [];
  readonly #skbs: SkBuff[] = [];
  readonly #batch: TxBatch;
  /** Where the datagrams not yet settled begin in `#inBatch`. */
  #unsettled = 0;
  /** First row of the batch that the device has not taken. */
  #row = 0;
  /** Since when the device has taken nothing; 0 while it takes. */
  #stalled = 0;
  /** When the loop is to have its turn, by `performance.now`. */
  #turn = 0;
  #running: Promise<void> | null = null;

  /**
   * @param turnstile of all transmitters over this pool's memory, which has room for one batch at a time
   * @param refused told the errno of every packet that was refused for good
   * @param ending aborted, with a UfoError, when no plan's delay is to be waited for any more
   */
  constructor(
    device: NetDevice,
    pool: PagePool,
    turnstile: Turnstile,
    refused: (errno: number) => void,
    ending?: AbortSignal,
  ) {
    this.#ending = ending;
    this.#turnstile = turnstile;
    this.#device = device;
    this.#refused = refused;
    this.#table = new SegmentTable(pool.memory);
    this.#batch = { table: this.#table, pool, skbs: this.#skbs };
  }

  /** Datagrams not yet settled. */
  get pending(): number {
    return this.#queue.length + this.#inBatch.length - this.#unsettled;
  }

  /**
   * Queues a datagram, and takes over the skb. It starts in the next turn of the loop, so that all that was queued in this
   * one share batches; until then its signal takes it back.
   */
  submit(datagram: Datagram): void {
    this.#queue.push(datagram);
    this.#running ??= nextTurn().then(() => this.#pump());
  }

  /** Takes datagrams from a stream, too, until `detach`. */
  attach(stream: DatagramSource): void {
    this.#streams.push(stream);
    this.wake();
  }

  detach(stream: DatagramSource): void {
    this.#streams.splice(this.#streams.indexOf(stream), 1);
  }

  /** A stream has a datagram again. */
  wake(): void {
    this.#running ??= this.#pump();
  }

  /** Takes back all that is queued and not begun. */
  turnAway(error: unknown): void {
    this.#queue.withdrawAll(error);
  }

  /** Resolves when nothing is left to send. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #pump(): Promise<void> {
    this.#stalled = 0;
    this.#turn = performance.now() + TURN;
    for (let more = true; more; ) {
      await this.#holdBack();
      const leave = await this.#turnstile.enter();
      try {
        more = this.#fill();
        if (more) await this.#drain();
      } catch (error) {
        this.#giveUp(error); // a driver broke its contract: its datagrams must not wait for ever
      } finally {
        leave();
      }
    }
    this.#running = null;
  }

  /** Waits as long as a plan delays the next fragment; whoever stands behind its datagram waits, too. Aborting and closing end it. */
  async #holdBack(): Promise<void> {
    const last = this.#inBatch.at(-1);
    if (last === undefined || last.cut || last.planned === null || last.planned.delay === 0) return;
    const { planned } = last;
    const signal = AbortSignal.any([last.signal, this.#ending].filter((one) => one !== undefined));
    try {
      await sleep(planned.delay, undefined, { signal });
      planned.waited();
    } catch {
      this.#giveUp(signal.reason);
    }
  }

  /** Puts as many queued datagrams into the table as it holds; false where there is nothing left to send. */
  #fill(): boolean {
    this.#table.reset();
    this.#resume();
    while (this.#lastIsCut() && this.#table.hasRoom(0)) {
      const source = this.#source();
      if (source === null || !this.#roomFor(source.peek()!)) break;
      this.#start(source.shift());
    }
    if (this.#streams.length > 1) this.#streams.push(this.#streams.shift()!);
    return this.#inBatch.length > 0;
  }

  /** The queue, or the first stream, that has a datagram now. */
  #source(): DatagramSource | null {
    if (this.#queue.length > 0) return this.#queue;
    for (const stream of this.#streams) if (stream.peek() !== undefined) return stream;
    return null;
  }

  /** Carries on with the datagram that the last batch had no room for the rest of. */
  #resume(): void {
    const last = this.#inBatch.at(-1);
    const begin = this.#inBatch.at(-2)?.rowsEnd ?? 0;
    this.#inBatch.length = 0;
    this.#skbs.length = 0;
    this.#unsettled = 0;
    this.#row = 0;
    if (last === undefined || last.cut) return;
    last.fragmentsSent += last.rowsEnd - begin;
    this.#inBatch.push(last);
    this.#skbs.push(last.skb);
    const source = last.planned ?? this.#segmenter;
    source.owner = 0;
    this.#write(last, source);
  }

  #write(datagram: Datagram, source: RowSource): void {
    datagram.cut = source.run(this.#table);
    datagram.rowsEnd = this.#table.rows;
  }

  #lastIsCut(): boolean {
    return this.#inBatch.at(-1)?.cut ?? true;
  }

  /** A batch is closed rather than begun with a datagram's first few rows, unless the datagram is larger than any batch. */
  #roomFor({ fragments }: Datagram): boolean {
    const { rows, capacity } = this.#table;
    return rows === 0 || rows + fragments <= capacity;
  }

  #start(datagram: Datagram): void {
    const { skb, chosen } = datagram;
    const owner = this.#inBatch.length;
    this.#inBatch.push(datagram);
    this.#skbs.push(skb);
    if (chosen.way === 'software-ufo') skb.shinfo.gsoType = 0;
    this.#device.tap?.(skb); // before rows point at its pages: a tap's clone gives user pages back
    if (datagram.planned !== null) {
      datagram.planned.owner = owner;
      this.#write(datagram, datagram.planned);
    } else if (chosen.way === 'software-ufo') {
      skbChecksumHelp(skb);
      this.#segmenter.begin(skb, owner);
      this.#write(datagram, this.#segmenter);
    } else this.#handOver(datagram, owner);
  }

  #handOver(datagram: Datagram, owner: number): void {
    const { skb } = datagram;
    if (!this.#device.writesHeaders) {
      if (skb.shinfo.gsoType === SKB_GSO_UDP_L4) pushJoined(this.#table, skb, owner);
      else pushPayload(this.#table, skb, owner);
    } else {
      if ((this.#device.features & NETIF_F_HW_CSUM) === 0) skbChecksumHelp(skb);
      pushWhole(this.#table, skb, owner);
    }
    datagram.cut = true;
    datagram.rowsEnd = this.#table.rows;
  }

  async #drain(): Promise<void> {
    const { rows } = this.#table;
    const device = this.#device;
    for (this.#account(); this.#row < rows; this.#account()) {
      const taken = device.xmit(this.#batch, this.#row);
      if (taken > 0) {
        this.#row += taken;
        this.#stalled = 0;
      } else if (!isFull(-taken) || this.#hasStopped()) {
        this.#refuse(-taken);
      } else {
        await device.writable();
        this.#turn = performance.now() + TURN;
      }
      if (performance.now() > this.#turn) {
        this.#account(); // whoever looks at the wire meanwhile has been told of what is on it
        await nextTurn();
        this.#turn = performance.now() + TURN;
      }
    }
  }

  /** Full for too long; what follows is tried once and not waited for, until the device takes something again. */
  #hasStopped(): boolean {
    this.#stalled ||= performance.now();
    return performance.now() - this.#stalled > STALL;
  }

  /** Rows before `#row` are with the kernel: settles the datagrams that are thereby complete. */
  #account(): void {
    while (this.#unsettled < this.#inBatch.length) {
      const datagram = this.#inBatch[this.#unsettled]!;
      if (datagram.rowsEnd > this.#row || !datagram.cut) break;
      this.#unsettled += 1; // before anybody is told: whatever throws then, it is freed once
      datagram.fragmentsSent = datagram.fragments;
      if (!this.#device.zerocopy) skbTxError(datagram.skb);
      consumeSkb(datagram.skb);
      datagram.settled(datagram, null);
    }
  }

  /** Row `#row` was refused for good: its datagram, the first unsettled one, ends here, and the next one begins. */
  #refuse(errno: number): void {
    const datagram = this.#inBatch[this.#unsettled]!;
    const packetLen = this.#table.frameLen[this.#row]! - datagram.skb.flow!.linkHeader.length;
    this.#countSent(datagram);
    this.#refused(errno);
    this.#row = datagram.rowsEnd;
    this.#fail(datagram, sendError(this.#device, datagram, packetLen, errno));
  }

  #giveUp(error: unknown): void {
    while (this.#unsettled < this.#inBatch.length) {
      const datagram = this.#inBatch[this.#unsettled]!;
      this.#countSent(datagram);
      const ended = this.#ending?.aborted === true && error === this.#ending.reason;
      this.#fail(datagram, ended ? endedError(this.#device, datagram, error as UfoError) : error);
    }
  }

  /** Adds the rows of the first unsettled datagram that have gone with this batch. */
  #countSent(datagram: Datagram): void {
    const begin = this.#inBatch[this.#unsettled - 1]?.rowsEnd ?? 0;
    datagram.fragmentsSent += Math.max(0, this.#row - begin);
  }

  #fail(datagram: Datagram, error: unknown): void {
    this.#unsettled += 1;
    datagram.cut = true;
    kfreeSkb(datagram.skb);
    datagram.settled(datagram, { error });
  }
}

function isFull(errno: number): boolean {
  return errno === ERRNO.EAGAIN || errno === ERRNO.ENOBUFS;
}
