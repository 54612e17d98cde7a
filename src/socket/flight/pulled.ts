import { UfoError } from '../../errors.js';
import type { PagePool } from '../../memory/page-pool.js';
import type { Flow } from '../../skb/flow.js';
import { SKB_GSO_UDP_L4 } from '../../skb/shared-info.js';
import { skbGet } from '../../skb/skbuff.js';
import type { Sock } from '../../skb/sock.js';
import { skbOrphan } from '../../skb/wmem.js';
import { checkPayloadLen } from '../../ufo/make-skb.js';
import { ReusedSkb, type StreamPayload } from '../../ufo/reused-skb.js';
import type { ManyOptions } from '../options.js';
import type { FlowPeers } from '../path/flow-peers.js';
import type { Peer } from '../path/peer.js';
import type { PageWait } from '../waiting/page-wait.js';
import type { Works } from '../waiting/works.js';
import { Datagram, type DatagramSource, type Failure, type Settled } from './datagram.js';
import type { Feed } from './feeds.js';
import type { Tally } from './tally.js';
import { type ChosenWay, chooseStreamWay } from './way.js';

/** Datagrams of a stream that are made at once at most: enough for one system call of small ones. */
const MOST = 128;

/** What streams of a socket share. */
export interface PullOptions {
  readonly pool: PagePool;
  readonly sock: Sock;
  readonly pageWait: PageWait;
  readonly works: Works;
  readonly nextIdent: () => number;
  readonly fixedIdents: boolean;
}

/** A datagram that is made again and again. */
class StreamDatagram extends Datagram {
  readonly reused: ReusedSkb;
  /** Which of the stream's flows it is for. */
  flowIndex = 0;

  constructor(reused: ReusedSkb, octets: number, chosen: ChosenWay, settled: Settled) {
    super(reused.skb, octets, chosen, settled);
    this.reused = reused;
  }
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
  readonly #tally: Tally;
  /** Not on their way, the last used first. */
  readonly #idle: StreamDatagram[] = [];
  #made = 0;
  #next: StreamDatagram | null = null;
  /** The feed's payload is not sent yet; the pacer has let it go. */
  #ready = false;
  #paced = false;
  /** Something is awaited that calls `#resume`. */
  #waiting = false;
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
    this.#tally = tally;
  }

  peek(): Datagram | undefined {
    if (this.#next === null && !this.#over && !this.#waiting) {
      try {
        this.#next = this.#make();
      } catch (error) {
        this.#fail(error);
      }
    }
    return this.#next ?? undefined;
  }

  shift(): Datagram {
    const datagram = this.#next!;
    this.#next = null;
    this.#tally.begin();
    return datagram;
  }

  /** The next datagram; null: none now. */
  #make(): StreamDatagram | null {
    const { works } = this.#with;
    const { signal } = this.#to;
    if (this.#tally.failure !== null) return this.#end();
    works.check();
    signal?.throwIfAborted();
    if (!this.#ready) {
      const state = this.#feed.next(this.#resume);
      if (state === 'end') return this.#end();
      if (state === 'later') return this.#wait();
      if (state === 'busy') return null;
      this.#ready = true;
      this.#peer = this.#peers.next();
    }
    const { channel } = this.#peers;
    if (channel.stale) return this.#wait(channel.refresh());
    const pause = this.#paced ? undefined : this.#pace(this.#feed.payload.len);
    this.#paced = true;
    if (pause !== undefined) return this.#wait(pause);
    const datagram = this.#take(this.#feed.payload);
    if (datagram !== null) {
      this.#ready = false;
      this.#paced = false;
    }
    return datagram;
  }

  #pace(len: number): Promise<void> | undefined {
    const { pacer, signal } = this.#to;
    const peer = this.#peer!;
    return pacer?.ready(peer.packets(len), 8 * peer.octets(len), signal);
  }

  /** A datagram of that payload, in an skb used before where there is one; null: none is free now. */
  #take(payload: StreamPayload): StreamDatagram | null {
    const datagram = this.#fitting(payload);
    if (datagram === null) return null;
    const { skb, reused } = datagram;
    if (!this.#charge(skb.truesize)) {
      this.#idle.push(datagram);
      return null;
    }
    skb.sk = this.#with.sock;
    const ident = this.#with.nextIdent();
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
    if (this.#idle.length + 1 === this.#made) {
      const charged = sock.waitForWmem(truesize, this.#to.signal);
      const reserve = (): void => {
        this.#reserved = truesize;
      };
      this.#wait(charged.then(reserve));
    }
    return false;
  }

  #fitting(payload: StreamPayload): StreamDatagram | null {
    const flow = this.#peer!.flow();
    const idle = this.#idle.at(-1);
    if (idle?.reused.fits(payload) === true && idle.reused.turnTo(flow)) return this.#idle.pop()!;
    if (idle === undefined && this.#made === MOST) return null; // one comes back with what is on its way
    try {
      checkPayloadLen(flow, payload.len);
      return this.#build(flow, payload);
    } catch (error) {
      if (isOutOfPages(error)) return this.#made > 0 ? null : this.#waitForPages(flow, payload);
      this.#tally.begin();
      this.#tally.refused();
      throw error;
    }
  }

  /** A new one, of the skb of one that does not fit where there is any. */
  #build(flow: Flow, payload: StreamPayload): StreamDatagram {
    const { pool, fixedIdents } = this.#with;
    const { device } = this.#peers.channel;
    const idle = this.#idle.pop();
    if (idle !== undefined) this.#made -= 1;
    const reused = new ReusedSkb(pool, flow, payload, device.features, idle?.reused ?? null);
    this.#made += 1;
    const chosen = chooseStreamWay(device, reused.skb, fixedIdents);
    if (chosen.way === 'kernel-uso') reused.skb.shinfo.gsoType = SKB_GSO_UDP_L4;
    return new StreamDatagram(reused, payload.len, chosen, this.#settled);
  }

  /** Builds it once and frees it again: so many pages there are then. */
  #waitForPages(flow: Flow, payload: StreamPayload): null {
    const { pool, pageWait } = this.#with;
    const { features } = this.#peers.channel.device;
    const attempt = (): void => new ReusedSkb(pool, flow, payload, features, null).free();
    return this.#wait(pageWait.until(attempt, this.#to.signal));
  }

  readonly #settled: Settled = (datagram: Datagram, failure: Failure | null): void => {
    const settled = datagram as StreamDatagram;
    settled.reused.giveBack();
    skbOrphan(settled.skb);
    if (this.#over) settled.reused.free();
    else this.#idle.push(settled);
    if (failure === null) this.#peers.count(settled.flowIndex);
    this.#tally.settled(datagram, failure);
  };

  readonly #resume = (): void => {
    this.#waiting = false;
    this.#peers.channel.transmitter.wake();
  };

  /** Makes nothing before what is waited for has come, or `#resume` is called. */
  #wait(awaited?: Promise<void>): null {
    this.#waiting = true;
    awaited?.then(this.#resume, (error: unknown) => {
      this.#fail(error);
      this.#resume();
    });
    return null;
  }

  #fail(error: unknown): void {
    this.#tally.failure ??= { error };
    this.#end();
  }

  #end(): null {
    if (this.#over) return null;
    this.#over = true;
    if (this.#reserved > 0) this.#with.sock.uncharge(this.#reserved);
    for (const { reused } of this.#idle.splice(0)) reused.free();
    try {
      this.#feed.close();
    } catch (error) {
      this.#tally.failure ??= { error };
    }
    this.#ended();
    return null;
  }
}

function isOutOfPages(error: unknown): boolean {
  return error instanceof UfoError && error.code === 'ENOMEM';
}
