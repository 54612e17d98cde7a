import type { PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import { skbAppendDatatoFrags } from '../skb/append-datato-frags.js';
import { NETIF_F_SG } from '../skb/features.js';
import { skbFillPageDesc } from '../skb/fill-page-desc.js';
import type { Flow } from '../skb/flow.js';
import { skbFragRef, skbFragUnref } from '../skb/frag.js';
import { getfragFromBytes } from '../skb/getfrag.js';
import { skbRecycleCheck } from '../skb/recycle.js';
import { consumeSkb } from '../skb/release.js';
import type { SkbFrag } from '../skb/shared-info.js';
import { allocSkb, CHECKSUM_NONE, CHECKSUM_PARTIAL, type SkBuff, skbPut, skbReserve } from '../skb/skbuff.js';
import { addSums, finishChecksum, udpChecksumField } from '../wire/checksum.js';
import * as ipv4 from '../wire/ipv4.js';
import * as udp from '../wire/udp.js';
import { headersRoom, ipMakeSkb, rewriteHeaders } from './make-skb.js';
import type { StreamPayload, StreamSkb } from './stream-skb.js';

/**
 * An skb that serves one datagram of a stream after the other, for devices that are done with its octets when they have
 * taken its rows. Where the next payload has the same flow and shape (`fits`) only what differs is written: payload, ident
 * and checksums. Between two datagrams its lent frags are descriptors only, and hold no references.
 */
export class ReusedSkb implements StreamSkb {
  readonly skb: SkBuff;
  #flow: Flow;
  readonly #len: number;
  /** Octets of payload that are copied, and whether into the head. */
  readonly #copied: number;
  readonly #linear: boolean;
  readonly #lent: number;
  /** Sum of the IPv4 header with ident 0; the checksum field that is left to a device; sum of pseudo-header and UDP header. */
  #ipSum = 0;
  #partial = 0;
  #udpSum = 0;

  /**
   * @param recycled an skb of no further use, taken if it will do (skb_recycle_check), else freed
   * @throws UfoError ENOMEM; what `ipMakeSkb` throws
   */
  constructor(pool: PagePool, flow: Flow, payload: StreamPayload, features: number, recycled: ReusedSkb | null) {
    const { octets, frags, len } = payload;
    const room = headersRoom(flow);
    this.#flow = flow;
    this.#len = len;
    this.#copied = octets.length;
    this.#linear = (features & NETIF_F_SG) === 0 || room + octets.length <= PAGE_SIZE;
    this.#lent = frags.length;
    this.skb = ReusedSkb.#take(pool, this.#linear ? room + octets.length : room, recycled);
    try {
      skbReserve(this.skb, room);
      if (this.#linear) skbPut(this.skb, octets.length);
      else skbAppendDatatoFrags(null, this.skb, getfragFromBytes, octets, octets.length);
      for (const { page, offset, size } of frags) skbFillPageDesc(this.skb, page, offset, size);
      ipMakeSkb(this.skb, flow, 0);
    } catch (error) {
      this.free();
      throw error;
    }
    this.#readSums();
  }

  /** Whether a payload has the shape of the one that it was made for. */
  fits({ len, octets, frags }: StreamPayload): boolean {
    return len === this.#len && octets.length === this.#copied && frags.length === this.#lent;
  }

  /** Makes it one of that flow, where nothing but addresses and ports differs; false where more does. */
  turnTo(flow: Flow): boolean {
    if (flow === this.#flow) return true;
    if (!rewriteHeaders(this.skb, flow)) return false;
    this.#flow = flow;
    this.#readSums();
    return true;
  }

  #readSums(): void {
    const { pool, networkHeader, transportHeader } = this.skb;
    const { view, sums } = pool.memory;
    this.#ipSum = this.#flow.family === 4 ? ~ipv4.getChecksum(view, networkHeader) & 0xffff : 0;
    this.#partial = udp.getChecksum(view, transportHeader);
    this.#udpSum = sums.sum(transportHeader, udp.HEADER_LEN);
  }

  /** Makes it the datagram of a payload that fits. */
  fill(payload: StreamPayload, ident: number): void {
    const { skb } = this;
    const { view } = skb.pool.memory;
    this.#copy(payload.octets);
    this.#lend(payload.frags);
    skb.shinfo.fragId = ident;
    if (this.#flow.family === 4) {
      ipv4.setIdent(view, skb.networkHeader, ident);
      ipv4.setChecksum(view, skb.networkHeader, finishChecksum(addSums(this.#ipSum, ident)));
    }
    if (this.#flow.checksum) this.#setChecksum(view, payload.sum);
  }

  /** The pages lent for the last datagram are no longer needed. */
  giveBack(): void {
    const { frags } = this.skb.shinfo;
    for (let i = frags.length - 1; i >= frags.length - this.#lent; i--) skbFragUnref(this.skb.pool, frags[i]!);
  }

  /** Lets go of it, between two datagrams. */
  free(): void {
    this.#forgetLent();
    consumeSkb(this.skb);
  }

  #copy(octets: Uint8Array): void {
    const { skb } = this;
    const { bytes } = skb.pool.memory;
    if (this.#linear) {
      bytes.set(octets, skb.tail - octets.length);
      return;
    }
    let at = 0;
    for (const { page, offset, size } of skb.shinfo.frags) {
      if (at === octets.length) return; // what follows is lent
      bytes.set(octets.subarray(at, at + size), skb.pool.offsetOf(page) + offset);
      at += size;
    }
  }

  #lend(lent: readonly SkbFrag[]): void {
    const { pool, shinfo } = this.skb;
    const own = shinfo.frags.length - lent.length;
    for (let i = 0; i < lent.length; i++) {
      const from = lent[i]!;
      const frag = shinfo.frags[own + i]!;
      frag.page = from.page;
      frag.offset = from.offset;
      frag.size = from.size;
      skbFragRef(pool, frag);
    }
  }

  /** Complete where the sum is known and nobody cuts behind us; else left to who sums: `skbChecksumHelp` or the device. */
  #setChecksum(view: DataView, payloadSum: number): void {
    const { skb } = this;
    const complete = payloadSum >= 0 && skb.shinfo.gsoType === 0;
    skb.ipSummed = complete ? CHECKSUM_NONE : CHECKSUM_PARTIAL;
    const field = complete ? udpChecksumField(addSums(this.#udpSum, payloadSum)) : this.#partial;
    udp.setChecksum(view, skb.transportHeader, field);
  }

  #forgetLent(): void {
    const { shinfo } = this.skb;
    for (let left = this.#lent; left > 0 && shinfo.frags.length > 0; left--) {
      const { size } = shinfo.frags.pop()!;
      this.skb.len -= size;
      this.skb.dataLen -= size;
    }
  }

  /** The skb for something else of `size` octets of head, or null: then it has been freed. */
  #recycle(size: number): SkBuff | null {
    this.#forgetLent();
    if (skbRecycleCheck(this.skb, size)) return this.skb;
    consumeSkb(this.skb);
    return null;
  }

  static #take(pool: PagePool, size: number, recycled: ReusedSkb | null): SkBuff {
    const skb = recycled === null ? null : recycled.#recycle(size);
    return skb ?? allocSkb(pool, size);
  }
}
