import { ERRNO, systemError, type UfoError } from '../errors.js';
import { FIRST_FOREIGN } from '../memory/page-pool.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import { MAX_SKB_FRAGS, SKBTX_DEV_ZEROCOPY } from './shared-info.js';
import type { SkBuff } from './skbuff.js';
import type { Sock } from './sock.js';
import { skbRestoreWmem, skbSetTruesize } from './wmem.js';

/**
 * Writes octets `[offset, offset + len)` of the user's data `from` into the pool's memory at `to`. `odd` is how many octets
 * of the skb come before them; its parity is what a sum taken while copying needs. Returns a negative number to fail.
 */
export type GetFrag<From> = (from: From, to: number, offset: number, len: number, odd: number, skb: SkBuff) => number;

/**
 * Appends `length` octets of user data to the skb's frags, page by page (skb_append_datato_frags). Space behind the last
 * frag is used first if the skb owns that page alone. `sk`, the skb's owner if it has one, is charged a page for every new
 * frag. If anything fails, the skb and the account are as they were before the call.
 * @throws UfoError EMSGSIZE more than MAX_SKB_FRAGS frags; ENOMEM no free page; EFAULT getfrag failed; EINVAL the frags
 *   belong to a clone as well, or `sk` is not the skb's owner.
 */
export function skbAppendDatatoFrags<From>(
  sk: Sock | null,
  skb: SkBuff,
  getfrag: GetFrag<From>,
  from: From,
  length: number,
): void {
  const { frags } = skb.shinfo;
  const { len, dataLen, truesize, forwardAlloc } = skb;
  const count = frags.length;
  const tailSize = count > 0 ? frags[count - 1]!.size : 0;
  try {
    check(sk, skb, length);
    append(skb, getfrag, from, length);
  } catch (error) {
    while (frags.length > count) skb.pool.putPage(frags.pop()!.page);
    if (count > 0) frags[count - 1]!.size = tailSize;
    skb.len = len;
    skb.dataLen = dataLen;
    skbRestoreWmem(skb, truesize, forwardAlloc);
    throw error;
  }
}

/** Refuses before anything is copied what can't succeed: too many frags is the user's error whatever the pool has. */
function check(sk: Sock | null, skb: SkBuff, length: number): void {
  const { dataref, frags } = skb.shinfo;
  if (dataref !== 1) throw failed(ERRNO.EINVAL, 'the frags belong to a clone as well');
  if (sk !== skb.sk) throw failed(ERRNO.EINVAL, 'another socket owns the skb');
  const pages = Math.ceil((length - tailSpace(skb)) / PAGE_SIZE);
  if (frags.length + pages > MAX_SKB_FRAGS) {
    throw failed(ERRNO.EMSGSIZE, `${length} octets need ${frags.length + pages} frags of ${MAX_SKB_FRAGS}`);
  }
}

function append<From>(skb: SkBuff, getfrag: GetFrag<From>, from: From, length: number): void {
  const { frags } = skb.shinfo;
  let space = tailSpace(skb);
  for (let offset = 0; offset < length; ) {
    if (space === 0) {
      openFrag(skb);
      space = PAGE_SIZE;
    }
    const frag = frags[frags.length - 1]!;
    const left = length - offset;
    const copy = Math.min(left, space);
    const to = skb.pool.offsetOf(frag.page) + frag.offset + frag.size;
    if (getfrag(from, to, offset, copy, skb.len, skb) < 0) throw failed(ERRNO.EFAULT, `getfrag failed at ${offset}`);
    frag.size += copy;
    skb.len += copy;
    skb.dataLen += copy;
    offset += copy;
    space -= copy;
  }
}

/** Free octets behind the last frag that only this skb can see. Pages of a zero-copy skb are not ours to write to. */
function tailSpace(skb: SkBuff): number {
  const { frags, txFlags } = skb.shinfo;
  const frag = frags[frags.length - 1];
  if (frag === undefined || frag.page >= FIRST_FOREIGN || (txFlags & SKBTX_DEV_ZEROCOPY) !== 0) return 0;
  const space = PAGE_SIZE - frag.offset - frag.size;
  return space > 0 && skb.pool.pageCount(frag.page) === 1 ? space : 0;
}

function openFrag(skb: SkBuff): void {
  const page = skb.pool.allocPage();
  if (page < 0) throw failed(ERRNO.ENOMEM, 'no free page');
  skb.shinfo.frags.push({ page, offset: 0, size: 0 });
  skbSetTruesize(skb, skb.truesize + PAGE_SIZE);
}

function failed(errno: number, reason: string): UfoError {
  return systemError(errno, 'skbAppendDatatoFrags', { reason });
}
