import { checkIterable } from '../../checks.js';
import type { PagePool } from '../../memory/page-pool.js';
import type { GeneratedPayloads } from '../../payload/sequence.js';
import { largestOf, smallestOf } from '../../payload/sizes.js';
import { PayloadStamp } from '../../payload/stamp.js';
import { NETIF_F_SG } from '../../skb/features.js';
import type { SkbFrag } from '../../skb/shared-info.js';
import type { StreamPayload } from '../../ufo/stream-skb.js';
import { type Octets, octetsOf } from '../dgram/message.js';
import { type Pages, UserPages } from '../pages.js';

/** What goes into a stream: a datagram's octets, or pages full of them. */
export type StreamItem = Octets | Pages;
export type StreamSource = AsyncIterable<StreamItem> | Iterable<StreamItem>;

/** @throws UfoError (TypeError) for what gives no datagrams: text and octets are one */
export function checkSource(source: unknown): asserts source is StreamSource {
  checkIterable('source', source, 'an iterable of messages', 'send takes a single one');
}

/** Where the payloads of a stream come from, one at a time, when there is room for one. */
export interface Feed {
  /** The payload that `next` went on to; good until it is called again. */
  readonly payload: StreamPayload;
  /**
   * Goes on to the next payload. `later`: there is none yet, `wake` is called when it is worth asking again; `busy`: there is
   * one when datagrams on their way have gone.
   * @throws what the user's own source throws
   */
  next(wake: () => void): 'ready' | 'later' | 'busy' | 'end';
  /** The payload leaves now, when its turn has come: it may say so in itself. */
  leave?(): void;
  /** Nothing more is wanted; what is on its way keeps its pages. */
  close(): void;
}

/** A payload whose parts can be changed for the next. */
export interface Current extends StreamPayload {
  len: number;
  octets: Uint8Array;
  frags: readonly SkbFrag[];
  sum: number;
}

const NO_OCTETS = new Uint8Array(0);
const NO_FRAGS: readonly SkbFrag[] = [];

export function noPayload(): Current {
  return { len: 0, octets: NO_OCTETS, frags: NO_FRAGS, sum: -1 };
}

/** Buffers and pages from a caller's iterable. */
export class IterableFeed implements Feed {
  readonly payload: Current = noPayload();
  readonly #items: Iterator<StreamItem>;
  readonly #pool: PagePool;
  readonly #sg: boolean;
  #done = false;

  /** @param features of the device: one without NETIF_F_SG has pages copied */
  constructor(items: Iterable<StreamItem>, pool: PagePool, features: number) {
    this.#items = items[Symbol.iterator]();
    this.#pool = pool;
    this.#sg = (features & NETIF_F_SG) !== 0;
  }

  next(): 'ready' | 'end' {
    const { value, done } = this.#items.next();
    if (done === true) {
      this.#done = true;
      return 'end';
    }
    const { payload } = this;
    if (value instanceof UserPages) this.#takePages(value);
    else {
      payload.octets = octetsOf(value, 'source', 'octets or Pages in it');
      payload.len = payload.octets.length;
      payload.frags = NO_FRAGS;
    }
    return 'ready';
  }

  close(): void {
    if (!this.#done) this.#items.return?.();
  }

  #takePages(pages: UserPages): void {
    const { payload } = this;
    pages.check(this.#pool);
    payload.len = pages.len;
    payload.octets = this.#sg ? NO_OCTETS : joined(pages.buffers);
    payload.frags = this.#sg ? pages.frags : NO_FRAGS;
  }
}

/** Generated payloads: stamped where the device takes pages and the pool has room for the table, else made one by one. */
export class GeneratedFeed implements Feed {
  readonly payload: Current = noPayload();
  readonly #payloads: GeneratedPayloads;
  readonly #stamp: PayloadStamp | null;
  /** Where payloads are made that are not stamped. */
  readonly #octets: Uint8Array;
  #sequence = -1;

  constructor(payloads: GeneratedPayloads, pool: PagePool, features: number) {
    const { size, seed, timed } = payloads;
    this.#payloads = payloads;
    this.#stamp = (features & NETIF_F_SG) === 0 ? null : PayloadStamp.take(pool, smallestOf(size), seed, timed);
    if (this.#stamp === null) this.payload.octets = new Uint8Array(largestOf(size));
    else this.payload.frags = [this.#stamp.body];
    this.#octets = this.payload.octets;
  }

  next(): 'ready' | 'end' {
    const sequence = this.#payloads.take();
    if (sequence < 0) return 'end';
    const { payload } = this;
    const len = this.#payloads.sizeOf(sequence);
    this.#sequence = sequence;
    if (this.#stamp === null) payload.octets = this.#payloads.fill(this.#octets, sequence);
    else if (len !== payload.len) {
      this.#stamp.resize(len);
      payload.octets = this.#stamp.head;
    }
    payload.len = len;
    return 'ready';
  }

  leave(): void {
    const { payload } = this;
    if (this.#stamp === null) {
      this.#payloads.leaveIn(payload.octets, this.#sequence);
      return;
    }
    this.#stamp.stamp(this.#sequence, this.#payloads.leave(this.#sequence));
    payload.sum = this.#stamp.sum;
  }

  close(): void {
    this.#stamp?.release();
  }
}

function joined(buffers: readonly Uint8Array[]): Uint8Array {
  return buffers.length === 1 ? buffers[0]! : Buffer.concat(buffers);
}
