import { skbCopyUbufs } from './copy-ubufs.js';
import { copySkbHeader } from './head.js';
import { SkBuff } from './skbuff.js';

/**
 * A second skb over the same head and frags (skb_clone). Nobody's account is charged for it. A zero-copy skb has its user
 * pages copied first: a clone may live for any time, and the user must not wait for it.
 * @throws UfoError as `skbCopyUbufs`; the skb is unchanged then.
 */
export function skbClone(skb: SkBuff): SkBuff {
  skbCopyUbufs(skb);
  const clone = new SkBuff(skb.pool, skb.headPage, skb.headPages);
  clone.head = skb.head;
  clone.end = skb.end;
  clone.shinfo = skb.shinfo;
  clone.shinfo.dataref += 1;
  clone.truesize = skb.truesize;
  copySkbHeader(clone, skb);
  return clone;
}
