import { ERRNO, systemError } from '../errors.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import { skbCopyBits } from './copy-bits.js';
import { NETIF_F_SG } from './features.js';
import { copyGso, switchHead } from './head.js';
import { dropFragList, putFrags, putHead, skbReleaseData, skbZcopyClear } from './release.js';
import { type SkBuff, skbCloned, skbHeadlen, skbShared } from './skbuff.js';
import { skbSetTruesize } from './wmem.js';

/** Whether a device with these features needs the skb in one piece (skb_needs_linearize); none of ours takes a fragList. */
export function skbNeedsLinearize(skb: SkBuff, features: number): boolean {
  return skb.dataLen > 0 && ((features & NETIF_F_SG) === 0 || skb.shinfo.fragList !== null);
}

/**
 * Copies all data into the head, a larger one if need be, and lets the frags go (skb_linearize). Positions taken before
 * are stale. User pages are given back, their completion is told `false`.
 * @throws UfoError ENOMEM no run of pages for it; EINVAL somebody else refers to this skb. The skb is unchanged then.
 */
export function skbLinearize(skb: SkBuff): void {
  const { pool, dataLen, head, tail } = skb;
  if (dataLen === 0) return;
  if (skbShared(skb)) throw systemError(ERRNO.EINVAL, 'skbLinearize', { reason: 'the skb is shared' });
  const inPlace = !skbCloned(skb) && tail + dataLen <= skb.end;
  const headPages = inPlace ? skb.headPages : Math.ceil((tail - head + dataLen) / PAGE_SIZE);
  const headPage = inPlace ? skb.headPage : pool.allocRun(headPages);
  if (headPage < 0) throw systemError(ERRNO.ENOMEM, 'skbLinearize', { reason: `no run of ${headPages} free pages` });
  const delta = pool.offsetOf(headPage) - head;
  const { bytes } = pool.memory;
  if (!inPlace) bytes.copyWithin(head + delta, head, tail);
  skbCopyBits(skb, skbHeadlen(skb), bytes.subarray(tail + delta, tail + delta + dataLen));
  releaseFrags(skb, inPlace);
  if (!inPlace) switchHead(skb, headPage, headPages, delta);
  skb.tail += dataLen;
  skb.dataLen = 0;
  skbSetTruesize(skb, headPages * PAGE_SIZE);
  skbZcopyClear(skb, false);
}

function releaseFrags(skb: SkBuff, keepHead: boolean): void {
  const { shinfo } = skb;
  if (skbCloned(skb)) {
    const own = copyGso(shinfo);
    skbReleaseData(skb);
    skb.shinfo = own;
    return;
  }
  dropFragList(shinfo.fragList);
  shinfo.fragList = null;
  putFrags(skb.pool, shinfo.frags);
  if (!keepHead) putHead(skb);
}
