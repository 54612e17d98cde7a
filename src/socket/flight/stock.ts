import type { PagePool } from '../../memory/page-pool.js';
import type { Flow } from '../../skb/flow.js';
import { JoinedSkb } from '../../ufo/joined-skb.js';
import { checkPayloadLen } from '../../ufo/make-skb.js';
import { ReusedSkb } from '../../ufo/reused-skb.js';
import type { StreamPayload, StreamSkb } from '../../ufo/stream-skb.js';
import type { FlowPeers } from '../path/flow-peers.js';
import { isOutOfPages } from '../waiting/page-wait.js';
import { Datagram, type Settled } from './datagram.js';
import { aloneWay, type ChosenWay, chooseWay, KERNEL_USO } from './way.js';

/** Datagrams of a stream that are made at once at most: enough for one system call of small ones. */
const MOST = 128;
/** And of those that stand for up to 64: what they hold should stay inside L2. */
const MOST_JOINED = 4;
/** So often in a row nothing could be joined though the next one was there: nobody tries again. */
const ALONE = 16;
/** Why a single one: the pages that are free lie here and there. */
const NO_ROOM = 'the pool has no room to put them together';

/** A datagram that is made again and again. */
export class StreamDatagram extends Datagram {
  readonly reused: StreamSkb;
  /** Which of the stream's flows it is for. */
  flowIndex = 0;

  constructor(reused: StreamSkb, octets: number, chosen: ChosenWay, settled: Settled) {
    super(reused.skb, octets, chosen, settled);
    this.reused = reused;
  }
}

/** The handful of skbs that serve a stream, and whether its datagrams are joined in them. */
export class StreamStock {
  readonly #pool: PagePool;
  readonly #fixedIdents: boolean;
  readonly #peers: FlowPeers;
  readonly #settled: Settled;
  /** Not on their way, the last used first. */
  readonly #idle: StreamDatagram[] = [];
  #made = 0;
  #most = MOST;
  /** How often in a row there was nothing to join, and why nobody tries any more. */
  #alone = 0;
  #apart: string | null = null;
  #closed = false;

  /** @param settled of every datagram that is made */
  constructor(pool: PagePool, fixedIdents: boolean, peers: FlowPeers, settled: Settled) {
    this.#pool = pool;
    this.#fixedIdents = fixedIdents;
    this.#peers = peers;
    this.#settled = settled;
  }

  /** How many have been taken, and not put back. */
  get out(): number {
    return this.#made - this.#idle.length;
  }

  /**
   * One for a payload, used before where there is one that will do; null: one comes back with what is on its way.
   * @throws UfoError ENOMEM, with all that was idle freed; EMSGSIZE
   */
  take(flow: Flow, payload: StreamPayload): StreamDatagram | null {
    const idle = this.#idle.at(-1);
    if (idle !== undefined && this.#serves(idle.reused, flow, payload)) return this.#idle.pop()!;
    if (idle === undefined && this.#made >= this.#most) return null;
    checkPayloadLen(flow, payload.len);
    try {
      const refusal = this.#joinRefusal(flow, payload.len);
      if (refusal !== null) return this.#single(flow, payload, refusal);
      return this.#joined(flow, payload) ?? this.#single(flow, payload, NO_ROOM);
    } catch (error) {
      this.#freeIdle();
      throw error;
    }
  }

  putBack(datagram: StreamDatagram): void {
    this.#idle.push(datagram);
    if (this.#closed) this.#freeIdle();
  }

  /** Tells how many went together, though the next one was there or they were as many as can. */
  noteJoined(joined: number): void {
    this.#alone = joined === 1 ? this.#alone + 1 : 0;
    if (this.#alone === ALONE) this.#apart = 'lengths or identifications do not follow each other';
  }

  /** None are wanted any more; what is on its way is freed when it comes back. */
  close(): void {
    this.#closed = true;
    this.#freeIdle();
  }

  #serves(reused: StreamSkb, flow: Flow, payload: StreamPayload): boolean {
    if (reused instanceof JoinedSkb && this.#joinRefusal(flow, payload.len) !== null) return false;
    return reused.fits(payload) && reused.turnTo(flow);
  }

  /** As `usoRefusal` of the device, and why it makes no sense in this stream. */
  #joinRefusal(flow: Flow, len: number): string | null | undefined {
    const refusal = this.#peers.channel.device.usoRefusal?.(flow, len);
    if (refusal !== null) return refusal;
    if (!JoinedSkb.holdsTwo(len)) return 'no packet holds two of them';
    return this.#peers.single ? this.#apart : 'they go to several';
  }

  /** null: not even where all pages that this stream holds are free is there a run of them for two. */
  #joined(flow: Flow, payload: StreamPayload): StreamDatagram | null {
    this.#freeIdle();
    const reused = this.#joinedSkb(flow, payload);
    if (reused === null) return null;
    this.#made += 1;
    this.#most = MOST_JOINED;
    const datagram = new StreamDatagram(reused, payload.len, KERNEL_USO, this.#settled);
    if (!this.#peers.channel.device.writesHeaders) datagram.ident = null;
    return datagram;
  }

  #joinedSkb(flow: Flow, payload: StreamPayload): JoinedSkb | null {
    try {
      return new JoinedSkb(this.#pool, flow, payload);
    } catch (error) {
      if (this.#made > 0 || !isOutOfPages(error)) throw error; // one that is on its way can be used again
      return null;
    }
  }

  /** Of the skb of one that does not fit, where there is any. */
  #single(flow: Flow, payload: StreamPayload, refusal: string | undefined): StreamDatagram {
    const { device } = this.#peers.channel;
    const idle = this.#idle.pop()?.reused;
    if (idle !== undefined) this.#made -= 1;
    const recycled = idle instanceof ReusedSkb ? idle : null;
    if (recycled === null) idle?.free();
    const reused = new ReusedSkb(this.#pool, flow, payload, device.features, recycled);
    this.#made += 1;
    this.#most = MOST;
    const chosen = aloneWay(chooseWay(device, reused.skb, this.#fixedIdents), refusal);
    return new StreamDatagram(reused, payload.len, chosen, this.#settled);
  }

  #freeIdle(): void {
    this.#made -= this.#idle.length;
    for (const { reused } of this.#idle.splice(0)) reused.free();
  }
}
