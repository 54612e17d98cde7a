import type { SegmentTable } from '../memory/segment-table.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import type { SkBuff } from '../skb/skbuff.js';
import { HEADER_LEN as UDP_HEADER_LEN } from '../wire/udp.js';
import { type FlowHeaders, flowHeaders } from './flow-headers.js';
import { ufo4Headers } from './ufo4.js';
import { ufo6Headers } from './ufo6.js';

/**
 * The family-neutral half of the software UFO stage (the kernel's `skb_segment`): it walks the datagram's payload once and
 * borrows each fragment's share from the user pages; the families write the headers. One cursor serves a sender for good.
 *
 *     frags     |  page  |  page  |  page  |  page  …
 *     rows      | gsoSize | gsoSize | gsoSize | …       a row may begin and end in mid-page
 */
export class Segmenter {
  #skb!: SkBuff;
  #headers!: FlowHeaders;
  #owner = 0;
  #ident = 0;
  /** Octets of IP payload cut so far, and in all: UDP header, chain and data. */
  #offset = 0;
  #total = 0;
  /** Frag that the next piece begins in (−1: the rest of the head), and the octet there. */
  #frag = 0;
  #fragOffset = 0;

  /** Starts on a datagram whose headers are in place (`ipMakeSkb`); its rows will belong to `owner`. */
  begin(skb: SkBuff, owner: number): void {
    this.#skb = skb;
    this.#headers = flowHeaders(skb.flow!);
    this.#owner = owner;
    this.#ident = skb.shinfo.ip6FragId;
    this.#offset = 0;
    this.#total = skb.len - this.#headers.linkLen - this.#headers.networkLen;
    this.#frag = -1;
    this.#fragOffset = skb.transportHeader + UDP_HEADER_LEN - skb.head;
  }

  /** A later batch knows the datagram by another index. */
  set owner(owner: number) {
    this.#owner = owner;
  }

  /** Cuts until the datagram is done (true) or the table is full (false: send the batch, `reset` it, and call again). */
  run(table: SegmentTable): boolean {
    const { gsoSize } = this.#skb.shinfo;
    const headers = this.#headers;
    const family4 = headers.flow.family === 4;
    const { words } = table.memory;
    const total = this.#total;
    // Only the first fragment carries the upper-layer headers, as octets of its own.
    const firstLen = headers.chainLen + UDP_HEADER_LEN;
    while (this.#offset < total) {
      const offset = this.#offset;
      const inHead = offset === 0 ? firstLen : 0;
      if (!table.hasRoom(headers.fragmentHeadLen + inHead)) return false;
      const len = Math.min(total - offset, gsoSize);
      const more = offset + len < total;
      const network = table.pushRow(this.#owner, headers.fragmentHeadLen + inHead, headers.linkLen);
      if (family4) ufo4Headers(headers, words, network, this.#ident, offset, len, more);
      else ufo6Headers(headers, words, network, this.#ident, offset, len, more);
      if (inHead > 0) this.#copyUpper(words, network - headers.linkLen + headers.fragmentHeadLen, inHead);
      this.#borrow(table, len - inHead);
      this.#offset = offset + len;
    }
    return true;
  }

  /** Chain and UDP header stand word-aligned in the skb and in the row: all headers in front are multiples of 4. */
  #copyUpper(words: Uint32Array, at: number, len: number): void {
    const source = (this.#skb.transportHeader + UDP_HEADER_LEN - len) >>> 2;
    for (let word = 0; word < len >>> 2; word++) words[(at >>> 2) + word] = words[source + word]!;
  }

  #borrow(table: SegmentTable, len: number): void {
    const { frags } = this.#skb.shinfo;
    let left = len;
    while (left > 0) {
      const frag = this.#frag < 0 ? null : frags[this.#frag]!;
      const size = frag === null ? this.#skb.tail - this.#skb.head : frag.size;
      const take = Math.min(size - this.#fragOffset, left);
      if (take > 0) {
        if (frag === null) pushHeadPiece(table, this.#skb, this.#fragOffset, take);
        else table.pushPiece(frag.page, frag.offset + this.#fragOffset, take);
        left -= take;
      }
      this.#fragOffset += take;
      if (this.#fragOffset === size) {
        this.#frag += 1;
        this.#fragOffset = 0;
      }
    }
  }
}

/** One row for the whole skb: it fits, or the device cuts it. Nothing is copied, the head is borrowed too. */
export function pushWhole(table: SegmentTable, skb: SkBuff, owner: number): void {
  table.pushRow(owner, 0, 0);
  pushHeadPiece(table, skb, skb.data - skb.head, skb.tail - skb.data);
  for (const { page, offset, size } of skb.shinfo.frags) table.pushPiece(page, offset, size);
}

/** One row with the payload alone, for a device that writes all headers itself (an ordinary UDP socket). */
export function pushPayload(table: SegmentTable, skb: SkBuff, owner: number): void {
  table.pushRow(owner, 0, 0);
  const start = skb.transportHeader + UDP_HEADER_LEN;
  if (skb.tail > start) pushHeadPiece(table, skb, start - skb.head, skb.tail - start);
  for (const { page, offset, size } of skb.shinfo.frags) table.pushPiece(page, offset, size);
}

/** The head is a run of pages: an offset beyond the first one names a later page. */
function pushHeadPiece(table: SegmentTable, skb: SkBuff, offset: number, len: number): void {
  table.pushPiece(skb.headPage + Math.floor(offset / PAGE_SIZE), offset % PAGE_SIZE, len);
}
