import { argumentError } from '../errors.js';
import type { PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE } from '../memory/user-memory.js';
import { skbAppendDatatoFrags } from '../skb/append-datato-frags.js';
import { NETIF_F_SG } from '../skb/features.js';
import { skbAddForeignFrag, skbFillPageDesc, skbZcopySet } from '../skb/fill-page-desc.js';
import type { Flow } from '../skb/flow.js';
import { skbFragRef } from '../skb/frag.js';
import { getfragFromBytes, getfragFromPieces } from '../skb/getfrag.js';
import { skbLinearize, skbNeedsLinearize } from '../skb/linearize.js';
import { kfreeSkb } from '../skb/release.js';
import { MAX_SKB_FRAGS, type SkbFrag } from '../skb/shared-info.js';
import { type SkBuff, skbPut, skbReserve } from '../skb/skbuff.js';
import type { Sock } from '../skb/sock.js';
import { type UbufInfo, ubufGet } from '../skb/ubuf-info.js';
import { allocSendSkb, sendTruesize, skbReclaimWmem } from '../skb/wmem.js';
import { headersRoom, ipMakeSkb } from './make-skb.js';

/** What a datagram is made of: octets to copy, frags of pages that hold them, or a caller's buffers by address. */
export type Payload =
  | Copied
  | { readonly kind: 'frags'; readonly frags: readonly SkbFrag[]; readonly len: number; readonly ubuf: UbufInfo }
  | { readonly kind: 'foreign'; readonly parts: readonly Uint8Array[]; readonly len: number; readonly ubuf: UbufInfo };

interface Copied {
  readonly kind: 'copy';
  readonly parts: readonly Uint8Array[];
  readonly len: number;
}

/** A payload with a completion. */
export type Armed = Exclude<Payload, { readonly kind: 'copy' }>;

export function copied(parts: readonly Uint8Array[]): Copied {
  return { kind: 'copy', parts, len: totalLen(parts) };
}

/** @throws UfoError ERR_UFO_INVALID_ARGUMENT: too many buffers */
export function foreign(parts: readonly Uint8Array[], ubuf: UbufInfo): Armed {
  if (parts.length > MAX_SKB_FRAGS)
    throw argumentError('message', parts.length, `at most ${MAX_SKB_FRAGS} buffers with zerocopy`);
  return { kind: 'foreign', parts, len: totalLen(parts), ubuf };
}

/** Octets of memory a datagram will stand for; charge them (`Sock.waitForWmem`) before building it. */
export function datagramTruesize(flow: Flow, payload: Payload, features: number): number {
  const room = headersRoom(flow);
  return inHead(room, payload, features) ? sendTruesize(room + payload.len, 0) : sendTruesize(room, payload.len);
}

/**
 * An skb with the payload in user pages, copied at most once, and the headers in front: what `udp_sendmsg` makes by
 * `ip_append_data` and `ip_make_skb`. `reserved` octets of `sk` have been
 * charged. A completion (`ubuf`) is armed last, with a reference of the skb's own: if this throws, it has been told nothing.
 * @throws what `ipMakeSkb` and `skbAppendDatatoFrags` throw; nothing stays charged or allocated then
 */
export function ipAppendData(
  sk: Sock,
  pool: PagePool,
  flow: Flow,
  ident: number,
  payload: Payload,
  features: number,
  reserved: number,
): SkBuff {
  const room = headersRoom(flow);
  const linear = inHead(room, payload, features);
  const skb = allocSendSkb(sk, pool, linear ? room + payload.len : room, reserved);
  try {
    skbReserve(skb, room);
    if (linear) copyToHead(skb, payload.parts, payload.len);
    else fillFrags(sk, skb, payload);
    const copies = skbNeedsLinearize(skb, features);
    if (copies) skbLinearize(skb);
    ipMakeSkb(skb, flow, ident);
    skbReclaimWmem(skb);
    if (payload.kind !== 'copy') {
      if (copies) payload.ubuf.zerocopy = false;
      else skbZcopySet(skb, ubufGet(payload.ubuf));
    }
    return skb;
  } catch (error) {
    kfreeSkb(skb);
    throw error;
  }
}

/** Copied payloads go into the head where they fit beside the headers, or where the device knows no frags. */
function inHead(room: number, payload: Payload, features: number): payload is Copied {
  return payload.kind === 'copy' && ((features & NETIF_F_SG) === 0 || room + payload.len <= PAGE_SIZE);
}

function copyToHead(skb: SkBuff, parts: readonly Uint8Array[], len: number): void {
  let at = skbPut(skb, len);
  for (const part of parts) {
    skb.pool.memory.bytes.set(part, at);
    at += part.length;
  }
}

function fillFrags(sk: Sock, skb: SkBuff, payload: Payload): void {
  if (payload.kind === 'frags') {
    for (const frag of payload.frags) {
      skbFragRef(skb.pool, frag);
      skbFillPageDesc(skb, frag.page, frag.offset, frag.size);
    }
  } else if (payload.kind === 'foreign') {
    for (const part of payload.parts) skbAddForeignFrag(skb, part);
  } else if (payload.parts.length === 1) {
    skbAppendDatatoFrags(sk, skb, getfragFromBytes, payload.parts[0]!, payload.len);
  } else {
    skbAppendDatatoFrags(sk, skb, getfragFromPieces, payload.parts, payload.len);
  }
}

function totalLen(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
