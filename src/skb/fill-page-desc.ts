import { ERRNO, systemError } from '../errors.js';
import { fragTruesize } from './frag.js';
import type { SkbFrag } from './shared-info.js';
import { MAX_SKB_FRAGS, SKBTX_DEV_ZEROCOPY } from './shared-info.js';
import type { SkBuff } from './skbuff.js';
import type { UbufInfo } from './ubuf-info.js';
import { skbSetTruesize } from './wmem.js';

/**
 * Makes octets `[offset, offset + size)` of a page, or of a run of pool pages that begins with it, the next frag. The skb
 * takes over the caller's reference on each page touched; if this throws, the caller keeps it.
 * @throws UfoError EMSGSIZE where the skb has MAX_SKB_FRAGS frags already, EINVAL where they belong to a clone as well.
 */
export function skbFillPageDesc(skb: SkBuff, page: number, offset: number, size: number): void {
  const { frags, dataref } = skb.shinfo;
  if (dataref !== 1)
    throw systemError(ERRNO.EINVAL, 'skbFillPageDesc', { reason: 'the frags belong to a clone as well' });
  if (frags.length >= MAX_SKB_FRAGS) {
    throw systemError(ERRNO.EMSGSIZE, 'skbFillPageDesc', { reason: `the skb has ${MAX_SKB_FRAGS} frags already` });
  }
  const frag: SkbFrag = { page, offset, size };
  frags.push(frag);
  skb.len += size;
  skb.dataLen += size;
  skbSetTruesize(skb, skb.truesize + fragTruesize(frag));
}

/** Makes a caller's buffer the next frag as it is, by address; it must not change until the skb is done with it. */
export function skbAddForeignFrag(skb: SkBuff, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const page = skb.pool.adoptForeign(bytes);
  try {
    skbFillPageDesc(skb, page, 0, bytes.length);
  } catch (error) {
    skb.pool.putPage(page);
    throw error;
  }
}

/**
 * Hangs complete skbs, in order, behind the frags: more data than frags can hold. Takes over a reference on each; those
 * with a completion of their own are refused, since nobody would copy their pages on a clone.
 */
export function skbAddFragList(skb: SkBuff, parts: readonly SkBuff[]): void {
  const reason = 'the head is cloned, or a part is zero-copy or in a list already';
  if (skb.shinfo.dataref !== 1 || skb.shinfo.fragList !== null || parts.some((part) => part.next || skbZcopy(part))) {
    throw systemError(ERRNO.EINVAL, 'skbAddFragList', { reason });
  }
  parts.forEach((part, i) => {
    part.next = parts[i + 1] ?? null;
    skb.len += part.len;
    skb.dataLen += part.len;
  });
  skb.shinfo.fragList = parts[0] ?? null;
}

/**
 * Declares the frags user pages: `ubuf` is told when the last reference on them goes. Called once the skb is complete, so
 * that a half-built one is simply freed (CVE-2012-2119). The skb takes over one reference on `ubuf`.
 * @throws UfoError EINVAL where the skb has a completion already, or shares its data with a clone.
 */
export function skbZcopySet(skb: SkBuff, ubuf: UbufInfo): void {
  const { shinfo } = skb;
  if (shinfo.destructorArg !== null || shinfo.dataref !== 1) {
    const reason = shinfo.dataref === 1 ? 'the skb has a completion already' : 'the pages belong to a clone as well';
    throw systemError(ERRNO.EINVAL, 'skbZcopySet', { reason });
  }
  shinfo.txFlags |= SKBTX_DEV_ZEROCOPY;
  shinfo.destructorArg = ubuf;
}

export function skbZcopy(skb: SkBuff): boolean {
  return (skb.shinfo.txFlags & SKBTX_DEV_ZEROCOPY) !== 0;
}
