import type { PagePool } from '../memory/page-pool.js';
import { skbFragUnref } from './frag.js';
import { SKBTX_DEV_ZEROCOPY, type SkbFrag } from './shared-info.js';
import type { SkBuff } from './skbuff.js';
import { ubufPut } from './ubuf-info.js';
import { skbOrphan } from './wmem.js';

/**
 * Drops one reference on the skb. The last one gives everything back: the owner's write memory, frags, head; then user
 * pages are reported as sent without a copy, unless somebody has said otherwise before. Whoever is told may send again.
 */
export function consumeSkb(skb: SkBuff): void {
  if (skb.users <= 0) throw new Error('skb freed twice');
  skb.users -= 1;
  if (skb.users > 0) return;
  skbOrphan(skb);
  skbReleaseData(skb);
}

/** `consumeSkb` for an skb, or a part of it, that was not sent: its user pages will not be reported as sent. */
export function kfreeSkb(skb: SkBuff): void {
  skbTxError(skb);
  consumeSkb(skb);
}

/** The pages of this skb did not go out as they are: failed, dropped, or copied by the kernel. Nothing is freed yet. */
export function skbTxError(skb: SkBuff): void {
  const { destructorArg } = skb.shinfo;
  if (destructorArg !== null) destructorArg.zerocopy = false;
}

/** Lets go of head, frags and completion; the last of all clones to do so frees them (skb_release_data). */
export function skbReleaseData(skb: SkBuff): void {
  const { shinfo, pool } = skb;
  if (shinfo.dataref <= 0) throw new Error('skb data released twice');
  shinfo.dataref -= 1;
  if (shinfo.dataref > 0) return;
  dropFragList(shinfo.fragList);
  shinfo.fragList = null;
  putFrags(pool, shinfo.frags);
  putHead(skb);
  skbZcopyClear(skb, true);
}

/** Ends the zero-copy state of an skb's data; the flag goes first, so that the callback never sees it (a48332f80309). */
export function skbZcopyClear(skb: SkBuff, success: boolean): void {
  const { shinfo } = skb;
  if ((shinfo.txFlags & SKBTX_DEV_ZEROCOPY) === 0) return;
  const ubuf = shinfo.destructorArg!;
  shinfo.txFlags &= ~SKBTX_DEV_ZEROCOPY;
  shinfo.destructorArg = null;
  ubufPut(ubuf, success);
}

/** Drops every frag, last to first: the free list is a stack, and ascending pages make contiguous datagrams. */
export function putFrags(pool: PagePool, frags: SkbFrag[]): void {
  for (let i = frags.length - 1; i >= 0; i--) skbFragUnref(pool, frags[i]!);
  frags.length = 0;
}

export function putHead(skb: SkBuff): void {
  for (let page = skb.headPage + skb.headPages - 1; page >= skb.headPage; page--) skb.pool.putPage(page);
}

/** Drops a chain of skbs, each once. */
export function dropFragList(list: SkBuff | null): void {
  for (let skb = list; skb !== null; ) {
    const { next } = skb;
    consumeSkb(skb);
    skb = next;
  }
}
