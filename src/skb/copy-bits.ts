import { argumentError } from '../errors.js';
import { type SkBuff, skbHeadlen } from './skbuff.js';

/**
 * Copies octets `[offset, offset + to.length)` of the skb, counted from `data`, into `to`: head, frags, fragList
 * (skb_copy_bits).
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT where the skb has not that many.
 */
export function skbCopyBits(skb: SkBuff, offset: number, to: Uint8Array): void {
  if (offset < 0 || offset + to.length > skb.len) {
    throw argumentError('offset', offset, `0 … ${skb.len - to.length} for ${to.length} of ${skb.len} octets`);
  }
  copyRange(skb, offset, to, 0);
}

/** Fills `to` from `done` on, as far as the skb goes; gives how many octets are filled then. */
function copyRange(skb: SkBuff, offset: number, to: Uint8Array, done: number): number {
  const { pool } = skb;
  const headlen = skbHeadlen(skb);
  let filled = done;
  let skip = offset;
  if (skip < headlen) {
    const take = Math.min(headlen - skip, to.length - filled);
    to.set(pool.memory.bytes.subarray(skb.data + skip, skb.data + skip + take), filled);
    filled += take;
  }
  skip = Math.max(0, skip - headlen);
  for (const frag of skb.shinfo.frags) {
    if (skip < frag.size && filled < to.length) {
      const take = Math.min(frag.size - skip, to.length - filled);
      pool.copyOut(frag.page, frag.offset + skip, take, to, filled);
      filled += take;
    }
    skip = Math.max(0, skip - frag.size);
  }
  for (let part = skb.shinfo.fragList; part !== null && filled < to.length; part = part.next) {
    if (skip < part.len) filled = copyRange(part, skip, to, filled);
    skip = Math.max(0, skip - part.len);
  }
  return filled;
}
