import { argumentError, ERRNO, systemError, UfoError } from '../../errors.js';
import type { PagePool } from '../../memory/page-pool.js';
import type { Sock } from '../../skb/sock.js';
import { ALL_TRAITS } from '../../tx/drivers.js';
import type { NetDevice } from '../../tx/net-device.js';
import { datagramTruesize, ipAppendData, type Payload } from '../../ufo/append-data.js';
import { checkIdent, type IdentSource } from '../../ufo/ident.js';
import { checkPayloadLen } from '../../ufo/make-skb.js';
import { planDatagram } from '../../ufo/plan-datagram.js';
import type { ManyOptions, To } from '../options.js';
import type { FlowPeers } from '../path/flow-peers.js';
import type { Peer } from '../path/peer.js';
import type { PageWait } from '../waiting/page-wait.js';
import type { Works } from '../waiting/works.js';
import { Datagram, type Settled } from './datagram.js';
import type { Feed } from './feeds.js';
import { PulledStream } from './pulled.js';
import type { Tally } from './tally.js';
import { checkPlannable, chooseWay, plannedFor, plannedWay } from './way.js';

/** Pages that the largest datagram takes, its head included. */
const LARGEST_PAGES = 18;

/** What datagrams of one socket are made from. */
export interface OutboxOptions {
  readonly family: 4 | 6;
  readonly pool: PagePool;
  readonly sock: Sock;
  readonly pageWait: PageWait;
  readonly idents: IdentSource;
  /** The idents are the user's own: no kernel may choose others. */
  readonly fixedIdents: boolean;
}

/** Makes datagrams of payloads, as the send budget and the pages allow, and queues them at their channel. */
export class Outbox {
  readonly #with: OutboxOptions;
  #turnedAway: UfoError | null = null;

  constructor(options: OutboxOptions) {
    this.#with = options;
  }

  /** From now on nothing is queued, also of what has been waiting for its way. */
  turnAway(error: UfoError): void {
    this.#turnedAway = error;
  }

  /**
   * Takes a payload as soon as the send budget allows it, and queues the datagram. What fails before that rejects, and
   * `settled` is not called. Datagrams are queued in the order of asking.
   */
  async enqueue(peer: Peer, payload: Payload, to: To, settled: Settled): Promise<void> {
    const { sock, pageWait } = this.#with;
    const { channel } = peer;
    const { signal } = to;
    signal?.throwIfAborted();
    this.#check(channel.device, to);
    if (channel.stale) await channel.refresh();
    const truesize = this.#truesize(peer, payload);
    const blocking = to.nonBlocking !== true;
    if (!blocking) sock.takeWmem(truesize);
    else if (!sock.tryWmem(truesize)) await sock.waitForWmem(truesize, signal);
    let reserved = truesize;
    const submit = (): void => {
      const charged = reserved;
      reserved = 0; // given back by a failed attempt, and charged by the next one as it goes
      this.#submit(peer, payload, to, settled, charged);
    };
    try {
      if (blocking) await pageWait.until(submit, signal);
      else pageWait.now(submit);
    } finally {
      if (reserved > 0) sock.uncharge(reserved);
    }
  }

  /**
   * As `enqueue`, but at once: false, and nothing done, where something has to be waited for. Spares a stream of small
   * datagrams the promises, which cost more than the datagram.
   */
  offer(peer: Peer, payload: Payload, to: To, settled: Settled): boolean {
    const { sock, pageWait } = this.#with;
    const { channel } = peer;
    if (channel.stale || pageWait.waiting) return false;
    this.#check(channel.device, to);
    const truesize = this.#truesize(peer, payload);
    if (!sock.tryWmem(truesize)) return false;
    try {
      this.#submit(peer, payload, to, settled, truesize); // gives the charge back where it fails
      return true;
    } catch (error) {
      if (error instanceof UfoError && error.code === 'ENOMEM') return false;
      throw error;
    }
  }

  /** A stream of datagrams, made as the transmitter takes them; to be attached to the peer's. */
  stream(works: Works, peers: FlowPeers, feed: Feed, to: ManyOptions, tally: Tally): PulledStream {
    const { family, pool, sock, pageWait, idents, fixedIdents } = this.#with;
    const nextIdent = family === 4 ? () => idents.next4() : () => idents.next6();
    return new PulledStream({ pool, sock, pageWait, works, nextIdent, fixedIdents }, peers, feed, to, tally);
  }

  /** Resolves when a send that said EAGAIN is worth trying again. */
  async room(): Promise<void> {
    const { sock, pageWait, pool } = this.#with;
    await sock.waitForWmem(0);
    await pageWait.until(() => {
      if (pool.freePages < LARGEST_PAGES) throw systemError(ERRNO.ENOMEM, 'send');
    });
  }

  /** @throws UfoError EMSGSIZE */
  #truesize(peer: Peer, payload: Payload): number {
    const flow = peer.flow();
    checkPayloadLen(flow, payload.len);
    return datagramTruesize(flow, payload, peer.channel.device.features);
  }

  /** @throws UfoError for what this datagram can't have, before anything is charged for it */
  #check({ driver, writesHeaders }: NetDevice, { ident, plan }: To): void {
    if (plan !== undefined) checkPlannable({ driver, writesHeaders });
    if (ident === undefined) return;
    const { family } = this.#with;
    checkIdent('ident', ident, family);
    if (writesHeaders) return;
    const able = ALL_TRAITS.filter(({ honours }) => honours.includes('idents')).map(({ name }) => name);
    const hint = `these drivers can: ${able.join(', ')}`;
    throw argumentError('ident', ident, `none with ${driver}: ${driver} has no say in it`, hint);
  }

  /** Builds the skb, chooses its way and queues it, in one go: nothing is on its way that `pending` doesn't know of. */
  #submit(peer: Peer, payload: Payload, to: To, settled: Settled, charged: number): void {
    const { sock, pool, fixedIdents } = this.#with;
    const { device, transmitter } = peer.channel;
    const ident = this.#identFor(to, charged);
    const { plan, signal } = to;
    const skb = ipAppendData(sock, pool, peer.flow(), ident, payload, device.features, charged);
    if (plan === undefined) {
      const chosen = chooseWay(device, skb, fixedIdents || to.ident !== undefined);
      transmitter.submit(new Datagram(skb, payload.len, chosen, settled, signal));
    } else {
      const planned = planDatagram(skb, plannedFor(device, plan));
      const chosen = plannedWay(plan);
      transmitter.submit(new Datagram(planned.skb, payload.len, chosen, settled, signal, planned.rows));
    }
  }

  /** Where none is to be had, what was charged for the datagram is given back. */
  #identFor({ ident }: To, charged: number): number {
    const { family, sock, idents } = this.#with;
    try {
      if (this.#turnedAway !== null) throw this.#turnedAway;
      return ident ?? (family === 4 ? idents.next4() : idents.next6());
    } catch (error) {
      sock.uncharge(charged);
      throw error;
    }
  }
}
