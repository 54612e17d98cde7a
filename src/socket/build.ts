import type { PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import { skbAppendDatatoFrags } from '../skb/append-datato-frags.js';
import type { Flow } from '../skb/flow.js';
import { getfragFromBytes, getfragFromPieces } from '../skb/getfrag.js';
import { kfreeSkb } from '../skb/release.js';
import { type SkBuff, skbPut, skbReserve } from '../skb/skbuff.js';
import type { Sock } from '../skb/sock.js';
import { allocSendSkb, sendTruesize } from '../skb/wmem.js';
import { headersRoom, ipMakeSkb } from '../ufo/make-skb.js';

/** Whether a payload goes into the head: it fits beside the headers, or the device knows no frags (no NETIF_F_SG). */
function inHead(flow: Flow, len: number, scatterGather: boolean): boolean {
  return !scatterGather || headersRoom(flow) + len <= PAGE_SIZE;
}

/** Octets of memory a datagram will stand for; charge them (`Sock.waitForWmem`) before building it. */
export function datagramTruesize(flow: Flow, len: number, scatterGather: boolean): number {
  const room = headersRoom(flow);
  return inHead(flow, len, scatterGather) ? sendTruesize(room + len, 0) : sendTruesize(room, len);
}

/**
 * Copies the payload into user pages, once, and puts the headers in front. `reserved` octets of `sk` have been charged.
 * @throws what `ipMakeSkb` and `skbAppendDatatoFrags` throw; nothing stays charged or allocated then.
 */
export function buildSkb(
  sk: Sock,
  pool: PagePool,
  flow: Flow,
  ident: number,
  parts: readonly Uint8Array[],
  len: number,
  scatterGather: boolean,
  reserved: number,
): SkBuff {
  const room = headersRoom(flow);
  const linear = inHead(flow, len, scatterGather);
  const skb = allocSendSkb(sk, pool, linear ? room + len : room, reserved);
  try {
    skbReserve(skb, room);
    if (linear) copyParts(pool, skbPut(skb, len), parts);
    else if (parts.length === 1) skbAppendDatatoFrags(sk, skb, getfragFromBytes, parts[0]!, len);
    else skbAppendDatatoFrags(sk, skb, getfragFromPieces, parts, len);
    ipMakeSkb(skb, flow, ident);
    return skb;
  } catch (error) {
    kfreeSkb(skb);
    throw error;
  }
}

function copyParts(pool: PagePool, to: number, parts: readonly Uint8Array[]): void {
  let at = to;
  for (const part of parts) {
    pool.memory.bytes.set(part, at);
    at += part.length;
  }
}
