import { ERRNO, systemError, UfoError } from '../errors.js';
import type { PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import type { Flow } from './flow.js';
import { type SkbSharedInfo, sharedInfo } from './shared-info.js';
import type { Sock } from './sock.js';

/** Checksum states of `ipSummed` (include/linux/skbuff.h). */
export const CHECKSUM_NONE = 0;
/** The checksum field holds the pseudo-header sum; whoever comes last sums from `csumStart` and stores at `csumOffset`. */
export const CHECKSUM_PARTIAL = 3;

/**
 * The kernel's sk_buff as far as sending needs it. The head is a run of pool pages:
 *
 *     head        data              tail        end
 *      | headroom  | link, IP, UDP   | tailroom  |        then shinfo.frags: the user pages
 *
 * All positions are octets from the beginning of the pool's memory. `len` counts head data and frags, `dataLen` only what
 * lies in frags.
 */
export class SkBuff {
  readonly pool: PagePool;
  headPage: number;
  headPages: number;
  head: number;
  end: number;
  data: number;
  tail: number;
  len = 0;
  dataLen = 0;
  /** Octets of memory this skb stands for: its head and a page for every frag. */
  truesize: number;
  macHeader = 0;
  networkHeader = 0;
  transportHeader = 0;
  ipSummed: number = CHECKSUM_NONE;
  /** Where summing begins, from `head`. */
  csumStart = 0;
  /** Where the sum is stored, from `csumStart`. */
  csumOffset = 0;
  /** References on this skb (not on its data: that is `shinfo.dataref`). */
  users = 1;
  flow: Flow | null = null;
  shinfo: SkbSharedInfo<SkBuff> = sharedInfo();
  /** Next skb of a fragList. */
  next: SkBuff | null = null;
  /** Whose write memory this skb is charged to: with `truesize` and `forwardAlloc` octets. A clone is not charged. */
  sk: Sock | null = null;
  /** Octets charged ahead of need, used up as the skb grows. */
  forwardAlloc = 0;

  constructor(pool: PagePool, headPage: number, headPages: number) {
    this.pool = pool;
    this.headPage = headPage;
    this.headPages = headPages;
    this.head = pool.offsetOf(headPage);
    this.end = this.head + headPages * PAGE_SIZE;
    this.data = this.head;
    this.tail = this.head;
    this.truesize = headPages * PAGE_SIZE;
  }
}

/**
 * An empty skb with room for `size` octets in its head (all of it tail room until `skbReserve`).
 * @throws UfoError ENOMEM where the pool has no run of pages for it.
 */
export function allocSkb(pool: PagePool, size: number): SkBuff {
  const pages = Math.max(1, Math.ceil(size / PAGE_SIZE));
  const page = pool.allocRun(pages);
  if (page < 0) throw systemError(ERRNO.ENOMEM, 'allocSkb', { reason: `no run of ${pages} free pages` });
  return new SkBuff(pool, page, pages);
}

export function skbHeadroom(skb: SkBuff): number {
  return skb.data - skb.head;
}

export function skbTailroom(skb: SkBuff): number {
  return skb.dataLen > 0 ? 0 : skb.end - skb.tail;
}

/** Octets of data in the head. */
export function skbHeadlen(skb: SkBuff): number {
  return skb.len - skb.dataLen;
}

/** Moves data and tail of an empty skb up, to make head room. */
export function skbReserve(skb: SkBuff, len: number): void {
  skb.data += len;
  skb.tail += len;
}

/** Adds `len` octets at the tail; returns where they begin. */
export function skbPut(skb: SkBuff, len: number): number {
  if (skb.tail + len > skb.end || skb.dataLen > 0) throw overrun('skbPut', len, skbTailroom(skb));
  const at = skb.tail;
  skb.tail += len;
  skb.len += len;
  return at;
}

/** Adds `len` octets in front; returns where the data begins now. */
export function skbPush(skb: SkBuff, len: number): number {
  if (skb.data - len < skb.head) throw overrun('skbPush', len, skbHeadroom(skb));
  skb.data -= len;
  skb.len += len;
  return skb.data;
}

/** Takes `len` octets off the front; returns where the data begins now. */
export function skbPull(skb: SkBuff, len: number): number {
  if (len > skbHeadlen(skb)) throw overrun('skbPull', len, skbHeadlen(skb));
  skb.data += len;
  skb.len -= len;
  return skb.data;
}

/** One more reference; `consumeSkb` gives it back. */
export function skbGet(skb: SkBuff): SkBuff {
  skb.users += 1;
  return skb;
}

/** Somebody else refers to this very skb: rows on their way to a device, a cork. */
export function skbShared(skb: SkBuff): boolean {
  return skb.users !== 1;
}

/** Head and frags belong to a clone as well. */
export function skbCloned(skb: SkBuff): boolean {
  return skb.shinfo.dataref !== 1;
}

function overrun(what: string, len: number, room: number): UfoError {
  return new UfoError('ERR_UFO_SKB_OVERRUN', `${what}: ${len} octets asked for, ${room} there`);
}
