import type { PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import { allocSkb, type SkBuff } from './skbuff.js';
import type { Sock } from './sock.js';

/** Octets of memory, whole pages, that a datagram with so much head and payload will stand for: what to wait for. */
export function sendTruesize(headLen: number, dataLen: number): number {
  return Math.max(1, Math.ceil(headLen / PAGE_SIZE)) * PAGE_SIZE + Math.ceil(dataLen / PAGE_SIZE) * PAGE_SIZE;
}

/**
 * An empty skb that `sk` owns. `reserved` octets have been charged before (`waitForWmem`, `takeWmem`) and are its own from
 * now on; where the skb can't be had they are given back.
 * @throws UfoError ENOMEM.
 */
export function allocSendSkb(sk: Sock, pool: PagePool, size: number, reserved = 0): SkBuff {
  try {
    const skb = allocSkb(pool, size);
    skb.sk = sk;
    chargeGrowth(skb, sk, skb.truesize, reserved);
    return skb;
  } catch (error) {
    sk.uncharge(reserved);
    throw error;
  }
}

/** Makes `sk` the owner of an skb that has none, and charges it (skb_set_owner_w). */
export function skbSetOwnerW(skb: SkBuff, sk: Sock): void {
  skbOrphan(skb);
  skb.sk = sk;
  sk.charge(skb.truesize);
}

/** Takes an skb off its owner's account (skb_orphan). */
export function skbOrphan(skb: SkBuff): void {
  const { sk } = skb;
  if (sk === null) return;
  skb.sk = null;
  const charged = skb.truesize + skb.forwardAlloc;
  skb.forwardAlloc = 0;
  sk.uncharge(charged);
}

/** Gives back what was charged ahead and not needed, once the skb is complete. */
export function skbReclaimWmem(skb: SkBuff): void {
  const { sk, forwardAlloc } = skb;
  if (sk === null || forwardAlloc === 0) return;
  skb.forwardAlloc = 0;
  sk.uncharge(forwardAlloc);
}

/** Sets `truesize` and keeps the owner's account in step. */
export function skbSetTruesize(skb: SkBuff, truesize: number): void {
  const growth = truesize - skb.truesize;
  skb.truesize = truesize;
  if (skb.sk === null || growth === 0) return;
  if (growth > 0) chargeGrowth(skb, skb.sk, growth, skb.forwardAlloc);
  else skb.sk.uncharge(-growth);
}

/** Puts the account back to what it was when the skb had these two values: nothing of a failed growth stays charged. */
export function skbRestoreWmem(skb: SkBuff, truesize: number, forwardAlloc: number): void {
  const more = skb.truesize + skb.forwardAlloc - truesize - forwardAlloc;
  skb.truesize = truesize;
  skb.forwardAlloc = forwardAlloc;
  if (skb.sk !== null && more > 0) skb.sk.uncharge(more);
}

/** Pays for `growth` octets from those charged ahead, and charges the rest. */
function chargeGrowth(skb: SkBuff, sk: Sock, growth: number, ahead: number): void {
  const paid = Math.min(growth, ahead);
  skb.forwardAlloc = ahead - paid;
  if (growth > paid) sk.charge(growth - paid);
}
