import { ERRNO, systemError } from '../errors.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import { skbCopyUbufs } from './copy-ubufs.js';
import { copySkbHeader, movePositions, shareFrags, switchHead } from './head.js';
import { putHead, skbReleaseData } from './release.js';
import { SkBuff, skbCloned, skbShared } from './skbuff.js';
import { skbSetTruesize } from './wmem.js';

/**
 * A copy with a head of its own, room around the data as in the original; the frags are shared page by page (pskb_copy).
 * Nobody's account is charged for it. A zero-copy skb has its user pages copied first.
 * @throws UfoError ENOMEM, EINVAL as `skbCopyUbufs`; the skb is unchanged then.
 */
export function pskbCopy(skb: SkBuff): SkBuff {
  const { pool, headPages } = skb;
  const copy = new SkBuff(pool, newHead(skb, headPages, 'pskbCopy'), headPages);
  const delta = copy.head - skb.head;
  pool.memory.bytes.copyWithin(skb.data + delta, skb.data, skb.tail);
  copySkbHeader(copy, skb);
  movePositions(copy, delta, skb.head, skb.end);
  copy.truesize = skb.truesize;
  copy.shinfo = shareFrags(pool, skb.shinfo);
  return copy;
}

/**
 * Gives the skb a new head with at least `nhead` octets more in front of the data and `ntail` more behind it, and makes it
 * the only owner of head and shared info (pskb_expand_head). Positions taken before are stale. A zero-copy skb has its
 * user pages copied first.
 * @throws UfoError ENOMEM; EINVAL where somebody else refers to this skb. The skb is unchanged then.
 */
export function pskbExpandHead(skb: SkBuff, nhead: number, ntail: number): void {
  if (skbShared(skb)) throw systemError(ERRNO.EINVAL, 'pskbExpandHead', { reason: 'the skb is shared' });
  const { pool, head } = skb;
  const headPages = Math.ceil((skb.end - head + nhead + ntail) / PAGE_SIZE);
  const headPage = newHead(skb, headPages, 'pskbExpandHead');
  const to = pool.offsetOf(headPage) + nhead;
  pool.memory.bytes.copyWithin(to, head, skb.tail);
  if (skbCloned(skb)) {
    const shinfo = shareFrags(pool, skb.shinfo);
    skbReleaseData(skb);
    skb.shinfo = shinfo;
  } else putHead(skb);
  const truesize = skb.truesize + (headPages - skb.headPages) * PAGE_SIZE;
  switchHead(skb, headPage, headPages, to - head);
  skbSetTruesize(skb, truesize);
}

/**
 * Before the head is written: a clone would see it, so a cloned skb gets a head of its own (skb_ensure_writable).
 * @throws UfoError as `pskbExpandHead`
 */
export function skbEnsureWritable(skb: SkBuff): void {
  if (skbCloned(skb)) pskbExpandHead(skb, 0, 0);
}

/** Pages for a new head of an skb whose user pages are then copied; neither happens without the other. */
function newHead(skb: SkBuff, pages: number, syscall: string): number {
  const { pool } = skb;
  const page = pool.allocRun(pages);
  if (page < 0) throw systemError(ERRNO.ENOMEM, syscall, { reason: `no run of ${pages} free pages` });
  try {
    skbCopyUbufs(skb);
  } catch (error) {
    for (let i = pages - 1; i >= 0; i--) pool.putPage(page + i);
    throw error;
  }
  return page;
}
