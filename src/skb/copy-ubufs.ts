import { ERRNO, systemError } from '../errors.js';
import type { PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import { skbZcopy } from './fill-page-desc.js';
import { fragTruesize, skbFragUnref } from './frag.js';
import { skbZcopyClear } from './release.js';
import type { SkbFrag } from './shared-info.js';
import { type SkBuff, skbShared } from './skbuff.js';
import { skbSetTruesize } from './wmem.js';

/**
 * Copies the user pages of a zero-copy skb into pages of the pool, so that the user gets his back: order and sizes of the
 * frags stay, their offsets become 0, the flag goes and the completion is told `false`. A frag larger than a page becomes
 * a run of pages. Does nothing to any other skb (skb_orphan_frags, skb_copy_ubufs).
 * @throws UfoError ENOMEM no page for one of them; EINVAL somebody else refers to this skb, maybe by rows that point at
 *   the pages. Either way nothing has changed.
 */
export function skbCopyUbufs(skb: SkBuff): void {
  if (!skbZcopy(skb)) return;
  const { pool } = skb;
  if (skbShared(skb)) throw systemError(ERRNO.EINVAL, 'skbCopyUbufs', { reason: 'the skb is shared' });
  const old = skb.shinfo.frags;
  const copies = copyFrags(pool, old);
  let truesize = skb.truesize;
  for (let i = old.length - 1; i >= 0; i--) {
    truesize += fragTruesize(copies[i]!) - fragTruesize(old[i]!);
    skbFragUnref(pool, old[i]!);
  }
  skb.shinfo.frags = copies;
  skbSetTruesize(skb, truesize);
  skbZcopyClear(skb, false);
}

function copyFrags(pool: PagePool, frags: readonly SkbFrag[]): SkbFrag[] {
  const copies: SkbFrag[] = [];
  for (const { page: source, offset, size } of frags) {
    const page = pool.allocRun(Math.max(1, Math.ceil(size / PAGE_SIZE)));
    if (page < 0) {
      while (copies.length > 0) skbFragUnref(pool, copies.pop()!);
      throw systemError(ERRNO.ENOMEM, 'skbCopyUbufs', { reason: `no free pages for a frag of ${size} octets` });
    }
    pool.copyOut(source, offset, size, pool.memory.bytes, pool.offsetOf(page));
    copies.push({ page, offset: 0, size });
  }
  return copies;
}
