import type { PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import { skbFragRef } from './frag.js';
import { type SkbSharedInfo, sharedInfo } from './shared-info.js';
import { type SkBuff, skbGet } from './skbuff.js';

/** Makes a run of pages the head of an skb whose octets now lie `delta` further; its former head is the caller's. */
export function switchHead(skb: SkBuff, headPage: number, headPages: number, delta: number): void {
  const { head, end } = skb;
  skb.headPage = headPage;
  skb.headPages = headPages;
  skb.head = skb.pool.offsetOf(headPage);
  skb.end = skb.head + headPages * PAGE_SIZE;
  skb.csumStart += head + delta - skb.head;
  movePositions(skb, delta, head, end);
}

/** Moves data, tail, and every header position within the former head `[head, end]`. */
export function movePositions(skb: SkBuff, delta: number, head: number, end: number): void {
  const moved = (at: number): number => (at >= head && at <= end ? at + delta : at);
  skb.data += delta;
  skb.tail += delta;
  skb.macHeader = moved(skb.macHeader);
  skb.networkHeader = moved(skb.networkHeader);
  skb.transportHeader = moved(skb.transportHeader);
}

/** What a copy takes over beside its data: lengths, header positions, checksum state, flow (copy_skb_header). */
export function copySkbHeader(to: SkBuff, from: SkBuff): void {
  to.data = from.data;
  to.tail = from.tail;
  to.len = from.len;
  to.dataLen = from.dataLen;
  to.macHeader = from.macHeader;
  to.networkHeader = from.networkHeader;
  to.transportHeader = from.transportHeader;
  to.ipSummed = from.ipSummed;
  to.csumStart = from.csumStart;
  to.csumOffset = from.csumOffset;
  to.flow = from.flow;
}

/** Shared info that is to be cut like `shinfo`, without its data. */
export function copyGso(shinfo: SkbSharedInfo<SkBuff>): SkbSharedInfo<SkBuff> {
  const own = sharedInfo<SkBuff>();
  own.gsoSize = shinfo.gsoSize;
  own.gsoSegs = shinfo.gsoSegs;
  own.gsoType = shinfo.gsoType;
  own.fragId = shinfo.fragId;
  return own;
}

/** Shared info over the same pages and the same fragList, with references of its own on each. */
export function shareFrags(pool: PagePool, shinfo: SkbSharedInfo<SkBuff>): SkbSharedInfo<SkBuff> {
  const own = copyGso(shinfo);
  for (const frag of shinfo.frags) {
    skbFragRef(pool, frag);
    own.frags.push({ ...frag });
  }
  own.fragList = shinfo.fragList;
  for (let skb = own.fragList; skb !== null; skb = skb.next) skbGet(skb);
  return own;
}
