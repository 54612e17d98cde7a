import { ERRNO, systemError } from '../errors.js';
import { skbCopyUbufs } from './copy-ubufs.js';
import { copySkbHeader } from './head.js';
import { skbReleaseData } from './release.js';
import { SkBuff, skbShared } from './skbuff.js';
import { skbOrphan } from './wmem.js';

/**
 * A second skb over the same head and frags (skb_clone). Nobody's account is charged for it. A zero-copy skb has its user
 * pages copied first: a clone may live for any time, and the user must not wait for it.
 * @throws UfoError as `skbCopyUbufs`; the skb is unchanged then.
 */
export function skbClone(skb: SkBuff): SkBuff {
  skbCopyUbufs(skb);
  const clone = new SkBuff(skb.pool, skb.headPage, skb.headPages);
  becomeClone(clone, skb);
  return clone;
}

/**
 * Makes `dst`, whatever it held, a clone of `src` (skb_morph). It stays the same object, charged to nobody.
 * @throws UfoError EINVAL where somebody else refers to `dst`, or as `skbCopyUbufs`; both are unchanged then.
 */
export function skbMorph(dst: SkBuff, src: SkBuff): SkBuff {
  if (dst === src) return dst;
  if (skbShared(dst)) throw systemError(ERRNO.EINVAL, 'skbMorph', { reason: 'the skb is shared' });
  skbCopyUbufs(src);
  src.shinfo.dataref += 1; // before dst lets go: it may be the other clone
  skbReleaseData(dst);
  skbOrphan(dst);
  src.shinfo.dataref -= 1;
  becomeClone(dst, src);
  return dst;
}

function becomeClone(clone: SkBuff, skb: SkBuff): void {
  clone.headPage = skb.headPage;
  clone.headPages = skb.headPages;
  clone.head = skb.head;
  clone.end = skb.end;
  clone.shinfo = skb.shinfo;
  clone.shinfo.dataref += 1;
  clone.truesize = skb.truesize;
  copySkbHeader(clone, skb);
}
