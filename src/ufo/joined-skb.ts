import { FIRST_FOREIGN, type PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import type { Flow } from '../skb/flow.js';
import { consumeSkb } from '../skb/release.js';
import { SKB_GSO_UDP_L4 } from '../skb/shared-info.js';
import { allocSkb, type SkBuff, skbPut, skbReserve } from '../skb/skbuff.js';
import { headersRoom, ipMakeSkb, rewriteHeaders } from './make-skb.js';
import type { StreamPayload, StreamSkb } from './stream-skb.js';

/** `UDP_MAX_SEGMENTS`; later kernels take 128. */
const MOST = 64;
/** Octets of payload that one IPv4 packet holds behind the longest header; IPv6 has no more behind its own (`UDP_SEGMENT`). */
const MOST_OCTETS = 65_467;
/** The part of a pool that one takes at most, if two datagrams need no more. */
const POOL_SHARE = 8;

/**
 * An skb that takes datagrams of one flow and length, the last of which may be shorter, and stands for all of them until
 * whoever is below us cuts them apart (SKB_GSO_UDP_L4): one account for up to 64. Their payloads are copied into its head,
 * one behind the other, so that they are in one piece whatever they were lent from.
 *
 *     head   | headroom | link, IP, UDP | payload | payload | payload | shorter |
 */
export class JoinedSkb implements StreamSkb {
  readonly skb: SkBuff;
  #flow: Flow;
  /** Octets of IP packets that go out whole, without those of the headers. */
  readonly #longest: number;
  /** Room for payload, and where it begins. */
  readonly #room: number;
  readonly #start: number;
  /** Octets of the first payload; no more may follow once a shorter one has. */
  #len = 0;
  #closed = false;

  /** @throws UfoError ENOMEM where the pool has no room for two in a row; what `ipMakeSkb` throws */
  constructor(pool: PagePool, flow: Flow, payload: StreamPayload) {
    const room = headersRoom(flow);
    this.#flow = flow;
    this.skb = allocHead(pool, room, payload.len);
    this.#start = this.skb.head + room;
    this.#room = Math.min(MOST_OCTETS, this.skb.end - this.#start);
    try {
      skbReserve(this.skb, room);
      skbPut(this.skb, payload.len);
      ipMakeSkb(this.skb, flow, 0);
    } catch (error) {
      this.free();
      throw error;
    }
    this.#longest = flow.mtu - (this.skb.tail - this.skb.networkHeader - payload.len);
  }

  /** Whether a packet holds two payloads of a length. */
  static holdsTwo(len: number): boolean {
    return 2 * len <= MOST_OCTETS;
  }

  /** Datagrams in it. */
  get joined(): number {
    return this.skb.shinfo.gsoSegs;
  }

  /** Octets of their payloads. */
  get octets(): number {
    return this.skb.tail - this.#start;
  }

  /** Whether a payload may be its first. */
  fits({ len }: StreamPayload): boolean {
    return len > 0 && len <= this.#longest && len <= this.#room;
  }

  turnTo(flow: Flow): boolean {
    if (flow === this.#flow) return true;
    if (!rewriteHeaders(this.skb, flow)) return false;
    this.#flow = flow;
    return true;
  }

  /** Begins anew with a payload that fits. */
  fill(payload: StreamPayload, ident: number): void {
    const { skb } = this;
    skb.len -= this.octets;
    skb.tail = this.#start;
    this.#len = payload.len;
    skb.shinfo.gsoSize = payload.len;
    skb.shinfo.gsoSegs = 0;
    skb.shinfo.fragId = ident;
    this.#put(payload);
  }

  /** Nothing may follow, whatever it is. */
  get full(): boolean {
    return this.#closed || this.joined === MOST || this.octets + this.#len > this.#room;
  }

  /** Whether another payload of the same flow may follow where it is not full. */
  takes({ len }: StreamPayload): boolean {
    return len > 0 && len <= this.#len;
  }

  /** Takes another payload, which it `takes`. */
  append(payload: StreamPayload): void {
    this.#put(payload);
  }

  /** No more follow now: headers for what there is. A single one is a datagram like any other. */
  seal(): void {
    const { skb } = this;
    const { shinfo } = skb;
    shinfo.gsoType = shinfo.gsoSegs > 1 ? SKB_GSO_UDP_L4 : 0;
    rewriteHeaders(skb, this.#flow, shinfo.fragId);
  }

  /** Nothing is lent to it. */
  giveBack(): void {}

  free(): void {
    consumeSkb(this.skb);
  }

  #put({ octets, frags, len }: StreamPayload): void {
    const { pool, shinfo } = this.skb;
    const { bytes } = pool.memory;
    let at = skbPut(this.skb, len);
    bytes.set(octets, at);
    at += octets.length;
    for (const { page, offset, size } of frags) {
      if (page >= FIRST_FOREIGN) bytes.set(pool.foreignBytes(page).subarray(offset, offset + size), at);
      else bytes.copyWithin(at, pool.offsetOf(page) + offset, pool.offsetOf(page) + offset + size);
      at += size;
    }
    shinfo.gsoSegs += 1;
    this.#closed = len < this.#len;
  }
}

/** Room for as many datagrams as can be joined; where the pool has no such run of pages, for fewer, and two at the least. */
function allocHead(pool: PagePool, room: number, len: number): SkBuff {
  const all = room + Math.min(MOST * len, MOST_OCTETS);
  const share = Math.floor(pool.pages / POOL_SHARE);
  const pages = pool.longestRun(Math.min(share, Math.ceil(all / PAGE_SIZE)));
  return allocSkb(pool, Math.max(pages * PAGE_SIZE, room + 2 * len));
}
