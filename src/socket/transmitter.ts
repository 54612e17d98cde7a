import { setImmediate as nextTurn } from 'node:timers/promises';
import { ERRNO, systemError, type UfoError } from '../errors.js';
import type { PagePool } from '../memory/page-pool.js';
import { SegmentTable } from '../memory/segment-table.js';
import { NETIF_F_HW_CSUM } from '../skb/features.js';
import { consumeSkb, kfreeSkb, skbTxError } from '../skb/release.js';
import type { SkBuff } from '../skb/skbuff.js';
import type { NetDevice, TxBatch } from '../tx/net-device.js';
import { skbChecksumHelp } from '../ufo/make-skb.js';
import { pushPayload, pushWhole, Segmenter } from '../ufo/segment.js';
import { formatAddress } from '../wire/address.js';
import type { Datagram } from './datagram.js';

/** The main thread returns to its loop at least this often, in milliseconds. */
const TURN = 10;
/** A device that takes nothing for so long has stopped: the datagram fails with what it said. */
const STALL = 5_000;

/**
 * Drives datagrams from the queue through the UFO stage into the device, batch by batch:
 *
 *     submit → queue → (cut | hand over) → segment table → device.xmit → settled
 *
 * One table serves for good. A datagram with more fragments than the table has rows goes out in several batches. Nothing
 * here allocates per fragment.
 */
export class Transmitter {
  readonly #device: NetDevice;
  readonly #refused: (errno: number) => void;
  readonly #table: SegmentTable;
  readonly #segmenter = new Segmenter();
  #queue: Datagram[] = [];
  #queueHead = 0;
  /** The datagrams of the current batch, and their skbs as the device sees them. */
  readonly #inBatch: Datagram[] = [];
  readonly #skbs: SkBuff[] = [];
  readonly #batch: TxBatch;
  /** Where the datagrams not yet settled begin in `#inBatch`. */
  #unsettled = 0;
  #running: Promise<void> | null = null;

  /** @param refused told the errno of every packet that was refused for good */
  constructor(device: NetDevice, pool: PagePool, refused: (errno: number) => void) {
    this.#device = device;
    this.#refused = refused;
    this.#table = new SegmentTable(pool.memory);
    this.#batch = { table: this.#table, pool, skbs: this.#skbs };
  }

  /** Datagrams not yet settled. */
  get pending(): number {
    return this.#queue.length - this.#queueHead + this.#inBatch.length - this.#unsettled;
  }

  /** Queues a datagram. It starts in the next turn of the loop, so that all that was queued in this one share batches. */
  submit(datagram: Datagram): void {
    this.#queue.push(datagram);
    this.#running ??= nextTurn().then(() => this.#pump());
  }

  /** Takes a datagram back that has not been started. */
  withdraw(datagram: Datagram): boolean {
    const index = this.#queue.indexOf(datagram, this.#queueHead);
    if (index < 0) return false;
    this.#queue.splice(index, 1);
    kfreeSkb(datagram.skb);
    return true;
  }

  /** Resolves when everything submitted so far is settled. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #pump(): Promise<void> {
    try {
      while (this.#fill()) await this.#drain();
    } finally {
      this.#running = null;
    }
  }

  /** Puts as many queued datagrams into the table as it holds; false where there is nothing left to send. */
  #fill(): boolean {
    this.#table.reset();
    this.#resume();
    while (this.#queueHead < this.#queue.length && this.#lastIsCut() && this.#table.hasRoom(0)) {
      const datagram = this.#queue[this.#queueHead]!;
      if (!this.#roomFor(datagram)) break;
      this.#queueHead += 1;
      this.#start(datagram);
    }
    if (this.#queueHead === this.#queue.length) {
      this.#queue = [];
      this.#queueHead = 0;
    }
    return this.#table.rows > 0;
  }

  /** Carries on with the datagram that the last batch had no room for the rest of. */
  #resume(): void {
    const last = this.#inBatch.at(-1);
    const begin = this.#inBatch.at(-2)?.rowsEnd ?? 0;
    this.#inBatch.length = 0;
    this.#skbs.length = 0;
    this.#unsettled = 0;
    if (last === undefined || last.cut) return;
    last.fragmentsSent += last.rowsEnd - begin;
    this.#inBatch.push(last);
    this.#skbs.push(last.skb);
    this.#segmenter.owner = 0;
    last.cut = this.#segmenter.run(this.#table);
    last.rowsEnd = this.#table.rows;
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
    const table = this.#table;
    this.#inBatch.push(datagram);
    this.#skbs.push(skb);
    if (chosen.way === 'software-ufo') {
      skbChecksumHelp(skb);
      skb.shinfo.gsoType = 0;
      this.#segmenter.begin(skb, owner);
      datagram.cut = this.#segmenter.run(table);
    } else {
      if (chosen.way === 'kernel-ip') pushPayload(table, skb, owner);
      else {
        if ((this.#device.features & NETIF_F_HW_CSUM) === 0) skbChecksumHelp(skb);
        pushWhole(table, skb, owner);
      }
      datagram.cut = true;
    }
    datagram.rowsEnd = table.rows;
  }

  async #drain(): Promise<void> {
    const { rows } = this.#table;
    const device = this.#device;
    let row = 0;
    let turn = performance.now() + TURN;
    let stalled = 0;
    while (row < rows) {
      const taken = device.xmit(this.#batch, row);
      if (taken > 0) {
        row += taken;
        stalled = 0;
        this.#account(row);
      } else if (!isFull(-taken)) {
        row = this.#fail(row, -taken);
      } else {
        stalled ||= performance.now();
        if (performance.now() - stalled > STALL) row = this.#fail(row, -taken);
        else await device.writable();
        turn = performance.now() + TURN;
      }
      if (performance.now() > turn) {
        await nextTurn();
        turn = performance.now() + TURN;
      }
    }
  }

  /** Rows before `row` are with the kernel: settles the datagrams that are thereby complete. */
  #account(row: number): void {
    for (; this.#unsettled < this.#inBatch.length; this.#unsettled++) {
      const datagram = this.#inBatch[this.#unsettled]!;
      if (datagram.rowsEnd > row || !datagram.cut) break;
      datagram.fragmentsSent = datagram.fragments;
      if (!this.#device.zerocopy) skbTxError(datagram.skb);
      consumeSkb(datagram.skb);
      datagram.settled(datagram, null);
    }
  }

  /** Row `row` was refused for good: its datagram ends here; returns the row to go on with. */
  #fail(row: number, errno: number): number {
    const owner = this.#table.owner[row]!;
    const datagram = this.#inBatch[owner]!;
    const begin = owner === 0 ? 0 : this.#inBatch[owner - 1]!.rowsEnd;
    datagram.fragmentsSent += row - begin;
    const error = this.#explain(datagram, row, errno);
    this.#refused(errno);
    datagram.cut = true;
    this.#unsettled = owner + 1;
    kfreeSkb(datagram.skb);
    datagram.settled(datagram, error);
    return datagram.rowsEnd;
  }

  #explain(datagram: Datagram, row: number, errno: number): UfoError {
    const { fragments, fragmentsSent } = datagram;
    const flow = datagram.skb.flow!;
    const packetLen = this.#table.frameLen[row]! - flow.linkHeader.length;
    const error = systemError(errno, this.#device.syscall, {
      address: formatAddress(flow.destination),
      port: flow.destinationPort,
      reason: `${fragmentsSent} of ${fragments} fragments had gone; the next one has ${packetLen} octets`,
      ...hintFor(errno, this.#device),
    });
    error.partial = datagram.result(this.#device.driver);
    return error;
  }
}

function isFull(errno: number): boolean {
  return errno === ERRNO.EAGAIN || errno === ERRNO.ENOBUFS;
}

function hintFor(errno: number, { name, mtu }: NetDevice): { hint?: string } {
  switch (errno) {
    case ERRNO.EMSGSIZE:
      return { hint: `the MTU of ${name} (${mtu} when it was opened) or of the route is smaller now; send again` };
    case ERRNO.ENETDOWN:
      return { hint: `bring the interface up: ip link set ${name} up` };
    case ERRNO.EPERM:
      return { hint: 'a firewall refused the packet, or CAP_NET_RAW is missing' };
    case ERRNO.EAGAIN:
    case ERRNO.ENOBUFS:
      return {
        hint: `${name} has taken nothing for ${STALL / 1000} s; lower the rate or look at its queue (tc -s qdisc)`,
      };
    default:
      return {};
  }
}
