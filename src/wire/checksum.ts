/**
 * The Internet checksum (RFC 1071) in plain JavaScript: portable, any alignment, any length.
 *
 * A "sum" here is the folded 16-bit one's complement sum of big-endian 16-bit words, 0 … 0xffff, not yet inverted. Sums of
 * consecutive blocks can be combined in any order; a checksum field holds the inverted sum.
 */
import { swap16 } from './octets.js';

/** Octets per round of the inner loop; eight loads keep both of the engine's load ports busy. */
const ROUND = 32;
/** Below 2^16 32-bit words the sums of the low and of the high halves still fit 32 bits each. */
const BLOCK = 0x3ffe0;

/** The last buffer summed through `sumOctets` and its view: making a DataView costs more than a header's sum. */
let cachedBuffer: ArrayBufferLike | undefined;
let cachedView: DataView = new DataView(new ArrayBuffer(0));

/**
 * Sum of `bytes[offset … offset + len)`; a last odd octet counts as if a zero followed it. Any alignment, also over shared
 * memory. The caller answers for the range lying within `bytes`. Keeps a view of the last buffer; code that has a
 * DataView of its own calls `sumView`.
 */
export function sumOctets(bytes: Uint8Array, offset = 0, len: number = bytes.length - offset): number {
  const { buffer } = bytes;
  if (buffer !== cachedBuffer || cachedView.byteLength !== buffer.byteLength) {
    cachedView = new DataView(buffer);
    cachedBuffer = buffer;
  }
  return sumView(cachedView, bytes.byteOffset + offset, len);
}

/** `sumOctets` over a DataView the caller already has; `offset` counts from the start of the view. */
export function sumView(view: DataView, offset: number, len: number): number {
  let sum = 0;
  let at = offset;
  for (let left = len; left > 0; left -= BLOCK) {
    const size = Math.min(left, BLOCK);
    sum = addSums(sum, sumBlock(view, at, size));
    at += size;
  }
  return sum;
}

/**
 * Little-endian loads whatever the machine, because they are the plain ones on x86 and ARM; the octets of the folded sum
 * are swapped once at the end (RFC 1071 §2(B): the sum does not depend on byte order). `total` adds whole 32-bit words
 * modulo 2^32 and `high` their upper halves; the sum of the lower halves is what remains of `total`, so that no load needs
 * two additions.
 */
function sumBlock(view: DataView, offset: number, len: number): number {
  let at = offset;
  let total = 0;
  let high = 0;
  for (const end = offset + len - (len % ROUND); at < end; at += ROUND) {
    const a = view.getInt32(at, true);
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    const e = view.getInt32(at + 16, true);
    const f = view.getInt32(at + 20, true);
    const g = view.getInt32(at + 24, true);
    const h = view.getInt32(at + 28, true);
    total = (total + (((a + b) | 0) + ((c + d) | 0)) + (((e + f) | 0) + ((g + h) | 0))) | 0;
    high = (high + (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16)) | 0;
    high = (high + (e >>> 16) + (f >>> 16) + (g >>> 16) + (h >>> 16)) | 0;
  }
  for (const end = offset + len - (len & 3); at < end; at += 4) {
    const word = view.getInt32(at, true);
    total = (total + word) | 0;
    high = (high + (word >>> 16)) | 0;
  }
  const low = (total - (high << 16)) >>> 0;
  return swap16(foldSum(low + (high >>> 0) + tail(view, at, len & 3)));
}

/** The last 0 … 3 octets as little-endian 16-bit words. */
function tail(view: DataView, offset: number, len: number): number {
  if (len === 0) return 0;
  if (len === 1) return view.getUint8(offset);
  const word = view.getUint16(offset, true);
  return len === 2 ? word : word + view.getUint8(offset + 2);
}

/** Folds any non-negative sum of 16-bit words below 2^48 to 16 bits, carries added back in. */
export function foldSum(sum: number): number {
  let folded = (sum >>> 0) + Math.floor(sum / 0x1_0000_0000);
  folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000); // 0x1fffe at the most: one carry is left
  return (folded & 0xffff) + (folded >>> 16);
}

/** One's complement sum of two sums. */
export function addSums(a: number, b: number): number {
  const sum = a + b;
  return (sum & 0xffff) + (sum >>> 16);
}

/**
 * Adds the sum of a block that begins `offset` octets into the whole; a block beginning at an odd octet has its octets the
 * other way round (the kernel's `csum_block_add`).
 */
export function combineSum(sum: number, blockSum: number, offset: number): number {
  return addSums(sum, (offset & 1) === 0 ? blockSum : swap16(blockSum));
}

/** What goes into an IPv4, ICMP or TCP checksum field. */
export function finishChecksum(sum: number): number {
  return ~sum & 0xffff;
}

/** What goes into a UDP checksum field: 0 would mean "not computed", so it becomes 0xffff (RFC 768, RFC 8200 §8.1). */
export function udpChecksumField(sum: number): number {
  return finishChecksum(sum) || 0xffff;
}

/**
 * Sum of the pseudo-header: IPv4 (RFC 768) for addresses of 4 octets, IPv6 (RFC 8200 §8.1) for 16. Both are the addresses,
 * the protocol and the length; the lengths' field sizes differ but not their sum. `len` is that of the upper-layer packet,
 * 0 … 2^32 − 1; `destination` is the final one where a routing header or source route is present.
 */
export function pseudoHeaderSum(source: Uint8Array, destination: Uint8Array, protocol: number, len: number): number {
  return foldSum(octetWords(source) + octetWords(destination) + protocol + (len >>> 16) + (len & 0xffff));
}

/** Few octets and of varying buffers: a plain loop costs less than finding a view. */
function octetWords(octets: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i + 1 < octets.length; i += 2) sum += (octets[i]! << 8) | octets[i + 1]!;
  return sum;
}

/**
 * The checksum field after one 16-bit word below it changed: HC' = ~(~HC + ~m + m') (RFC 1624 §3). For UDP, a result of 0
 * must still become 0xffff.
 */
export function updateChecksum(check: number, oldWord: number, newWord: number): number {
  return finishChecksum(addSums(addSums(~check & 0xffff, ~oldWord & 0xffff), newWord));
}
