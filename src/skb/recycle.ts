import { skbZcopy } from './fill-page-desc.js';
import { sharedInfo } from './shared-info.js';
import { CHECKSUM_NONE, type SkBuff, skbCloned, skbShared } from './skbuff.js';
import { skbOrphan } from './wmem.js';

/**
 * Whether an skb that is no longer needed can serve again for `size` octets of head; if so it is reset to what `allocSkb`
 * gives, charged to nobody (skb_recycle_check). Refused: user pages still under way, frags, a clone, other references, a
 * head too small; such an skb is to be freed as usual.
 */
export function skbRecycleCheck(skb: SkBuff, size: number): boolean {
  if (skbZcopy(skb) || skbShared(skb) || skbCloned(skb)) return false;
  const { frags, fragList } = skb.shinfo;
  if (frags.length > 0 || fragList !== null || skb.end - skb.head < size) return false;
  skbOrphan(skb);
  skb.data = skb.head;
  skb.tail = skb.head;
  skb.len = 0;
  skb.dataLen = 0;
  skb.macHeader = 0;
  skb.networkHeader = 0;
  skb.transportHeader = 0;
  skb.ipSummed = CHECKSUM_NONE;
  skb.csumStart = 0;
  skb.csumOffset = 0;
  skb.flow = null;
  skb.next = null;
  skb.shinfo = sharedInfo();
  return true;
}
