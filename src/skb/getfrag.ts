import type { SkBuff } from './skbuff.js';

/** `getfrag` over one buffer; fails where it is shorter than what was asked for. */
export function getfragFromBytes(
  from: Uint8Array,
  to: number,
  offset: number,
  len: number,
  _odd: number,
  skb: SkBuff,
): number {
  if (offset + len > from.length) return -1;
  const whole = offset === 0 && len === from.length;
  skb.pool.memory.bytes.set(whole ? from : from.subarray(offset, offset + len), to);
  return 0;
}

/** `getfrag` over several buffers that are one message, as a writev has it. */
export function getfragFromPieces(
  from: readonly Uint8Array[],
  to: number,
  offset: number,
  len: number,
  _odd: number,
  skb: SkBuff,
): number {
  const { bytes } = skb.pool.memory;
  const end = offset + len;
  let start = 0;
  for (let i = 0; i < from.length && start < end; i++) {
    const piece = from[i]!;
    const pieceEnd = start + piece.length;
    if (pieceEnd > offset) {
      const first = Math.max(offset, start);
      bytes.set(piece.subarray(first - start, Math.min(end, pieceEnd) - start), to + first - offset);
    }
    start = pieceEnd;
  }
  return start < end ? -1 : 0;
}
