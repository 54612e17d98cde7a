import type { PagePool } from '../../memory/page-pool.js';
import type { Flow } from '../../skb/flow.js';
import { skbGet } from '../../skb/skbuff.js';
import type { Sock } from '../../skb/sock.js';
import { skbOrphan } from '../../skb/wmem.js';
import { JoinedSkb } from '../../ufo/joined-skb.js';
import { ReusedSkb } from '../../ufo/reused-skb.js';
import type { StreamPayload } from '../../ufo/stream-skb.js';
import type { ManyOptions } from '../options.js';
import type { FlowPeers } from '../path/flow-peers.js';
import type { Peer } from '../path/peer.js';
import { isOutOfPages, type PageWait } from '../waiting/page-wait.js';
import type { Works } from '../waiting/works.js';
import type { Datagram, DatagramSource, Failure, Settled } from './datagram.js';
import type { Feed } from './feeds.js';
import { type Pace, paceOf } from './pace.js';
import { type StreamDatagram, StreamStock } from './stock.js';
import type { Tally } from './tally.js';

/** What streams of a socket share. */
export interface PullOptions {
  readonly pool: PagePool;
  readonly sock: Sock;
  readonly pageWait: PageWait;
  readonly works: Works;
  readonly nextIdent: () => number;
  readonly fixedIdents: boolean;
}

/**
 * A stream whose datagrams are made when the transmitter has room for them: no queue, no promise and no garbage a datagram,
 * and a handful of skbs for all of them. For devices that are done with a row's octets when they have taken it.
 */
export class PulledStream implements DatagramSource {
  readonly #with: PullOptions;
  readonly #peers: FlowPeers;
  /** Whom the feed's payload is for. */
  #peer: Peer | null = null;
  readonly #feed: Feed;
  readonly #to: ManyOptions;
  readonly #pace: Pace | null;
  readonly #tally: Tally;
  readonly #stock: StreamStock;
  #next: StreamDatagram | null = null;
  #making = false;
  /** The feed's payload is not sent yet; the pacer has let it go. */
  #ready = false;
  #paced = false;
  /** Something is awaited that calls `#resume`. */
  #waiting = false;
  /** The next one's, where it was drawn already. */
  #ident: number | null = null;
  /** Octets of the send budget that were waited for. */
  #reserved = 0;
  #over = false;
  #ended!: () => void;
  /** Resolves when no more datagrams will be made. */
  readonly ended = new Promise<void>((resolve) => {
    this.#ended = resolve;
  });

  constructor(shared: PullOptions, peers: FlowPeers, feed: Feed, to: ManyOptions, tally: Tally) {
    this.#with = shared;
    this.#peers = peers;
    this.#feed = feed;
    this.#to = to;
    this.#pace = paceOf(to, shared.works);
    this.#tally = tally;
    this.#stock = new StreamStock(shared.pool, shared.fixedIdents, peers, this.#settled);
  }

  peek(): Datagram | undefined {
    if (this.#next === null && !this.#over && !this.#waiting) {
      this.#making = true;
      try {
        this.#next = this.#make();
      } catch (error) {
        this.#fail(error);
      }
      this.#making = false;
      this.#tellEnd();
    }
    return this.#next ?? undefined;
  }

  shift(): Datagram {
    const datagram = this.#next!;
    this.#next = null;
    this.#tally.begin();
    this.#tellEnd();
    return datagram;
  }

  /** The next datagram; null: none now. */
  #make(): StreamDatagram | null {
    if (!this.#arrived()) return null;
    const datagram = this.#take(this.#feed.payload);
    if (datagram === null) return null;
    this.#taken();
    if (datagram.reused instanceof JoinedSkb) this.#join(datagram, datagram.reused);
    return datagram;
  }

  /** Whether there is a payload that may leave now; if not, the stream has ended, or goes on when something else has happened. */
  #arrived(): boolean {
    const { works } = this.#with;
    const { signal } = this.#to;
    if (this.#tally.failure !== null) return this.#end();
    works.check();
    signal?.throwIfAborted();
    if (!this.#ready) {
      const state = this.#feed.next(this.#resume);
      if (state === 'end') return this.#end();
      if (state === 'later') return this.#wait();
      if (state === 'busy') return false;
      this.#ready = true;
      this.#peer = this.#peers.next();
    }
    const { channel } = this.#peers;
    if (channel.stale) return this.#wait(channel.refresh());
    const pause = this.#paced ? undefined : this.#pace?.(this.#peer!, this.#feed.payload.len);
    this.#paced = true;
    return pause === undefined || this.#wait(pause);
  }

  /** The payload is in a datagram. */
  #taken(): void {
    this.#ready = false;
    this.#paced = false;
  }

  /** Puts more datagrams into one, as far as they are there now and like it. */
  #join(datagram: StreamDatagram, skb: JoinedSkb): void {
    const { payload } = this.#feed;
    while (!skb.full && this.#another(datagram, skb)) {
      this.#feed.leave?.();
      skb.append(payload);
      this.#taken();
    }
    skb.seal();
    datagram.standsFor(skb.joined, skb.octets);
    if (skb.full || (this.#ready && !this.#waiting)) this.#stock.noteJoined(skb.joined);
  }

  /** As `#arrived`, for one that is like those joined so far; what has been taken goes whatever becomes of the stream. */
  #another(datagram: Datagram, skb: JoinedSkb): boolean {
    try {
      return this.#arrived() && skb.takes(this.#feed.payload) && this.#follows(datagram, skb.joined);
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** Whether the next identification is the one that the kernel will give the next of those that are joined. */
  #follows({ ident }: Datagram, joined: number): boolean {
    if (ident === null) return true;
    try {
      this.#ident ??= this.#with.nextIdent();
    } catch (error) {
      this.#fail(error);
      return false;
    }
    if (this.#ident !== ident + joined) return false;
    this.#ident = null;
    return true;
  }

  /** A datagram of that payload, in an skb used before where there is one; null: none is free now. */
  #take(payload: StreamPayload): StreamDatagram | null {
    this.#ident ??= this.#with.nextIdent(); // first: a user's source may throw, and nothing is held yet
    const datagram = this.#fitting(this.#peer!.flow(), payload);
    if (datagram === null) return null;
    const { skb, reused } = datagram;
    if (!this.#charge(skb.truesize)) {
      this.#stock.putBack(datagram);
      return null;
    }
    skb.sk = this.#with.sock;
    const ident = this.#ident;
    this.#ident = null;
    this.#feed.leave?.();
    reused.fill(payload, ident);
    datagram.again(ident);
    datagram.flowIndex = this.#peers.index;
    skbGet(skb);
    return datagram;
  }

  /** Charges the send budget, or waits for it where nothing of this stream is on its way that will give some back. */
  #charge(truesize: number): boolean {
    const { sock } = this.#with;
    const reserved = this.#reserved;
    this.#reserved = 0;
    if (reserved === truesize) return true;
    if (reserved > 0) sock.uncharge(reserved);
    if (sock.tryWmem(truesize)) return true;
    if (this.#stock.out === 1) {
      const charged = sock.waitForWmem(truesize, this.#to.signal);
      const reserve = (): void => {
        this.#reserved = truesize;
      };
      this.#wait(charged.then(reserve));
    }
    return false;
  }

  #fitting(flow: Flow, payload: StreamPayload): StreamDatagram | null {
    try {
      return this.#stock.take(flow, payload);
    } catch (error) {
      if (isOutOfPages(error)) return this.#stock.out > 0 ? null : this.#waitForPages(flow, payload);
      this.#tally.begin();
      this.#tally.refused();
      throw error;
    }
  }

  /** Builds it once and frees it again: so many pages there are then. */
  #waitForPages(flow: Flow, payload: StreamPayload): null {
    const { pool, pageWait } = this.#with;
    const { features } = this.#peers.channel.device;
    const attempt = (): void => new ReusedSkb(pool, flow, payload, features, null).free();
    this.#wait(pageWait.until(attempt, this.#to.signal));
    return null;
  }

  readonly #settled: Settled = (datagram: Datagram, failure: Failure | null): void => {
    const settled = datagram as StreamDatagram;
    settled.reused.giveBack();
    skbOrphan(settled.skb);
    this.#stock.putBack(settled);
    this.#peers.count(settled.flowIndex, settled.taken(failure));
    this.#tally.settled(datagram, failure);
  };

  readonly #resume = (): void => {
    this.#waiting = false;
    this.#peers.channel.transmitter.wake();
  };

  /** Makes nothing before what is waited for has come, or `#resume` is called. */
  #wait(awaited?: Promise<void>): false {
    this.#waiting = true;
    awaited?.then(this.#resume, (error: unknown) => {
      this.#fail(error);
      this.#resume();
    });
    return false;
  }

  #fail(error: unknown): void {
    this.#tally.failure ??= { error };
    this.#end();
  }

  #end(): false {
    if (this.#over) return false;
    this.#over = true;
    if (this.#reserved > 0) this.#with.sock.uncharge(this.#reserved);
    this.#stock.close();
    try {
      this.#feed.close();
    } catch (error) {
      this.#tally.failure ??= { error };
    }
    this.#tellEnd();
    return false;
  }

  /** Not before the last one that was made has been taken. */
  #tellEnd(): void {
    if (this.#over && !this.#making && this.#next === null) this.#ended();
  }
}
