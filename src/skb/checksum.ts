import { FIRST_FOREIGN, type PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import { combineSum, sumOctets } from '../wire/checksum.js';
import type { SkBuff } from './skbuff.js';

/**
 * One's complement sum of octets `[offset, offset + len)` of an skb, counted from `data`, added to `sum` (the kernel's
 * `skb_checksum`). A stretch that begins at an odd octet carries over swapped; pages that follow each other are summed in
 * one go.
 */
export function skbChecksum(skb: SkBuff, offset: number, len: number, sum: number): number {
  const { sums } = skb.pool.memory;
  const { frags } = skb.shinfo;
  const end = offset + len;
  const headlen = skb.tail - skb.data;
  let done = 0;
  let total = sum;
  if (offset < headlen) {
    done = Math.min(end, headlen) - offset;
    total = combineSum(total, sums.sum(skb.data + offset, done), 0);
  }
  let at = headlen; // where the frag begins in the skb
  for (let index = 0; index < frags.length && at < end; ) {
    const { page, offset: start, size } = frags[index]!;
    let run = size;
    for (index += 1; index < frags.length && adjoins(frags[index]!, page, start + run); index++)
      run += frags[index]!.size;
    const skip = Math.max(0, offset - at);
    const take = Math.min(at + run, end) - at - skip;
    if (take > 0) {
      total = combineSum(total, sumPage(skb.pool, page, start + skip, take), done);
      done += take;
    }
    at += run;
  }
  for (let part = skb.shinfo.fragList; part !== null && at < end; part = part.next) {
    const skip = Math.max(0, offset - at);
    const take = Math.min(at + part.len, end) - at - skip;
    if (take > 0) {
      total = combineSum(total, skbChecksum(part, skip, take, 0), done);
      done += take;
    }
    at += part.len;
  }
  return total;
}

function adjoins(next: { page: number; offset: number }, page: number, end: number): boolean {
  return next.page < FIRST_FOREIGN && page < FIRST_FOREIGN && (next.page - page) * PAGE_SIZE + next.offset === end;
}

function sumPage(pool: PagePool, page: number, offset: number, len: number): number {
  if (page >= FIRST_FOREIGN) return sumOctets(pool.foreignBytes(page), offset, len);
  return pool.memory.sums.sum(pool.offsetOf(page) + offset, len);
}
