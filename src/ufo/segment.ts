import { FIRST_FOREIGN } from '../memory/page-pool.js';
import type { SegmentTable } from '../memory/segment-table.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import type { SkBuff } from '../skb/skbuff.js';
import * as ipv4 from '../wire/ipv4.js';
import { FRAG_OFF as FRAGMENT_FRAG_OFF, FRAGMENT_HEADER_LEN } from '../wire/ipv6-extension.js';
import { HEADER_LEN as UDP_HEADER_LEN } from '../wire/udp.js';
import { type FlowHeaders, flowHeaders } from './flow-headers.js';
import { ufo4Headers } from './ufo4.js';
import { ufo6Headers } from './ufo6.js';

const PAGE_SHIFT = Math.log2(PAGE_SIZE);
/** Fewer fragments are written sooner one by one. */
const LEAST_REPEATED = 3;

/** What writes the rows of a datagram into the table, as far as it has room, and goes on with the next batch. */
export interface RowSource {
  /** The datagram's index in the batch; a later batch knows it by another one. */
  owner: number;
  /** Writes until the datagram is done (true) or has to wait (false: send the batch, `reset` the table, and call again). */
  run(table: SegmentTable): boolean;
}

/**
 * The family-neutral half of the software UFO stage (the kernel's `skb_segment`): it walks the datagram's payload once and
 * borrows each fragment's share from the user pages; the families write the headers. One cursor serves a sender for good.
 *
 *     frags     |  page  |  page  |  page  |  page  …
 *     rows      | gsoSize | gsoSize | gsoSize | …       a row may begin and end in mid-page
 */
export class Segmenter implements RowSource {
  #skb!: SkBuff;
  #headers!: FlowHeaders;
  /** A later batch knows the datagram by another index. */
  owner = 0;
  #ident = 0;
  /** Octets of IP payload cut so far, and in all: UDP header, chain and data. */
  #offset = 0;
  #total = 0;
  /** Where the next piece begins: frags that follow each other in the pool's memory are one stretch, from `#page` on. */
  #page = 0;
  #pageOffset = 0;
  /** Octets left in the stretch, and the frag behind it. */
  #left = 0;
  #nextFrag = 0;

  /** Starts on a datagram whose headers are in place (`ipMakeSkb`); its rows will belong to `owner`. */
  begin(skb: SkBuff, owner: number): void {
    this.#skb = skb;
    this.#headers = flowHeaders(skb.flow!);
    this.owner = owner;
    this.#ident = skb.shinfo.fragId;
    this.#offset = 0;
    this.#total = skb.len - this.#headers.linkLen - this.#headers.networkLen;
    this.#page = skb.headPage;
    this.#pageOffset = skb.transportHeader + UDP_HEADER_LEN - skb.head;
    this.#left = skb.tail - skb.transportHeader - UDP_HEADER_LEN;
    this.#nextFrag = 0;
  }

  /** Cuts until the datagram is done (true) or the table is full (false: send the batch, `reset` it, and call again). */
  run(table: SegmentTable): boolean {
    const { gsoSize } = this.#skb.shinfo;
    const headers = this.#headers;
    const family4 = headers.flow.family === 4;
    const { words } = table.memory;
    const total = this.#total;
    const { fragmentHeadLen, linkLen } = headers;
    let offset = this.#offset;
    while (offset < total) {
      // Only the first fragment carries the upper-layer headers, as octets of its own.
      const inHead = offset === 0 ? headers.chainLen + UDP_HEADER_LEN : 0;
      const headLen = fragmentHeadLen + inHead;
      if (!table.hasRoom(headLen)) break;
      const len = Math.min(total - offset, gsoSize);
      const more = offset + len < total;
      const network = this.#pushRow(table, headLen, linkLen, len - inHead);
      if (family4) ufo4Headers(headers, words, network, this.#ident, offset, len, more);
      else ufo6Headers(headers, words, network, this.#ident, offset, len, more);
      if (inHead > 0) this.#copyUpper(words, network - linkLen + fragmentHeadLen, inHead);
      else if (more) offset += this.#repeatRow(table, network, offset + len);
      offset += len;
    }
    this.#offset = offset;
    return offset === total;
  }

  /** Behind a row of the middle, whose header is at `network`: those like it, in one go. The octets that they carry. */
  #repeatRow(table: SegmentTable, network: number, offset: number): number {
    const { gsoSize } = this.#skb.shinfo;
    const { flow, linkLen, fragmentHeadLen } = this.#headers;
    // The last fragment is not like them: shorter, and without MF.
    const count = Math.trunc(Math.min(this.#total - offset - 1, this.#left) / gsoSize);
    if (count < LEAST_REPEATED) return 0;
    const rows =
      flow.family === 4
        ? table.repeatRow(count, network + ipv4.FRAG_OFF, gsoSize >>> 3, network + ipv4.CHECKSUM)
        : table.repeatRow(
            count,
            network - linkLen + fragmentHeadLen - FRAGMENT_HEADER_LEN + FRAGMENT_FRAG_OFF,
            gsoSize,
            0,
          );
    this.#pageOffset += rows * gsoSize;
    this.#left -= rows * gsoSize;
    return rows * gsoSize;
  }

  /** Chain and UDP header stand word-aligned in the skb and in the row: all headers in front are multiples of 4. */
  #copyUpper(words: Uint32Array, at: number, len: number): void {
    const source = (this.#skb.transportHeader + UDP_HEADER_LEN - len) >>> 2;
    for (let word = 0; word < len >>> 2; word++) words[(at >>> 2) + word] = words[source + word]!;
  }

  /** Opens a row and borrows its payload: in nearly every case one piece of the stretch. */
  #pushRow(table: SegmentTable, headLen: number, linkLen: number, len: number): number {
    if (this.#left === 0 && len > 0) this.#nextStretch();
    if (this.#left >= len && len > 0) {
      const page = this.#page;
      const offset = this.#pageOffset;
      this.#pageOffset = offset + len;
      this.#left -= len;
      if (page >= FIRST_FOREIGN) return table.pushRowOfPiece(this.owner, headLen, linkLen, page, offset, len);
      const inPage = offset & (PAGE_SIZE - 1);
      return table.pushRowOfPiece(this.owner, headLen, linkLen, page + (offset >>> PAGE_SHIFT), inPage, len);
    }
    const network = table.pushRow(this.owner, headLen, linkLen);
    for (let left = len; left > 0; ) {
      if (this.#left === 0) this.#nextStretch();
      const take = Math.min(this.#left, left);
      pushStretch(table, this.#page, this.#pageOffset, take);
      this.#pageOffset += take;
      this.#left -= take;
      left -= take;
    }
    return network;
  }

  /** Goes on to the next frag, and takes those with it that begin where it ends. */
  #nextStretch(): void {
    const { frags } = this.#skb.shinfo;
    const { page, offset, size: firstSize } = frags[this.#nextFrag]!;
    let end = offset + firstSize;
    let next = this.#nextFrag + 1;
    for (; next < frags.length && page < FIRST_FOREIGN; next++) {
      const { page: nextPage, offset: nextOffset, size } = frags[next]!;
      if (nextPage >= FIRST_FOREIGN || (nextPage - page) * PAGE_SIZE + nextOffset !== end) break;
      end += size;
    }
    this.#page = page;
    this.#pageOffset = offset;
    this.#left = end - offset;
    this.#nextFrag = next;
  }
}

/** One row for the whole skb: it fits, or the device cuts it. Nothing is copied, the head is borrowed too. */
export function pushWhole(table: SegmentTable, skb: SkBuff, owner: number): void {
  table.pushRow(owner, 0, 0);
  pushStretch(table, skb.headPage, skb.data - skb.head, skb.tail - skb.data);
  for (const { page, offset, size } of skb.shinfo.frags) table.pushPiece(page, offset, size);
}

/** One row with the payload alone, for a device that writes all headers itself (an ordinary UDP socket). */
export function pushPayload(table: SegmentTable, skb: SkBuff, owner: number): void {
  table.pushRow(owner, 0, 0);
  const start = skb.transportHeader + UDP_HEADER_LEN;
  if (skb.tail > start) pushStretch(table, skb.headPage, start - skb.head, skb.tail - start);
  for (const { page, offset, size } of skb.shinfo.frags) table.pushPiece(page, offset, size);
}

/** A row for each of the payloads that are joined in the head of an skb, for such a device: it may take some of them only. */
export function pushJoined(
  table: SegmentTable,
  { transportHeader, head, headPage, tail, shinfo }: SkBuff,
  owner: number,
): void {
  for (let at = transportHeader + UDP_HEADER_LEN; at < tail; at += shinfo.gsoSize) {
    const page = headPage + ((at - head) >>> PAGE_SHIFT);
    const len = Math.min(shinfo.gsoSize, tail - at);
    table.pushRowOfPiece(owner, 0, 0, page, (at - head) & (PAGE_SIZE - 1), len);
  }
}

/** The head, and a stretch, are runs of pages: an offset beyond the first one names a later page. */
function pushStretch(table: SegmentTable, page: number, offset: number, len: number): void {
  if (page >= FIRST_FOREIGN) table.pushPiece(page, offset, len);
  else table.pushPiece(page + (offset >>> PAGE_SHIFT), offset & (PAGE_SIZE - 1), len);
}
