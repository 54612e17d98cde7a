import { summaryKernel } from '../../memory/summary-kernel.js';
import { foldSum } from '../../wire/checksum.js';
import { swap16 } from '../../wire/octets.js';

/** Octets per round: eight loads, as in `wire/checksum`. */
const ROUND = 32;
/** Odd multipliers with well-spread bits; a lane's step is a bijection, so that no change of a single word goes unseen. */
const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;

/** What one pass over a fragment's octets yields; one object is filled again and again. */
export class OctetSummary {
  /** Folded one's complement sum, as `sumView` gives it. */
  sum = 0;
  /** 64 bits that tell repeated octets from changed ones; depends on order and on `digestSeed`. Not cryptographic. */
  low = 0;
  high = 0;
}

/** Differs from run to run, so that nobody can prepare octets with the digest of others. */
const digestSeed = Math.floor(Math.random() * 0x1_0000_0000) | 0;

/** Octets to be summarized: `bytes` and `view` over the same memory. */
export interface Octets {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where `bytes` begins in the memory of the SIMD kernel, −1 where it is elsewhere. */
  readonly at: number;
}

/**
 * The Internet sum and a digest of `[offset, offset + len)` in one pass; at most 65,535 octets. Runs on vector instructions
 * where there are any, in the kernel's memory: octets from elsewhere are copied there first.
 */
export function summarize(octets: Octets, offset: number, len: number, out: OctetSummary): void {
  const kernel = summaryKernel();
  if (kernel === null) {
    summarizePlain(octets.view, offset, len, out);
    return;
  }
  let { at } = octets;
  if (at < 0) {
    kernel.bytes.set(octets.bytes.subarray(offset, offset + len), kernel.scratch);
    at = kernel.scratch;
  } else at += offset;
  out.sum = kernel.summarize(at, len);
  out.low = kernel.low;
  out.high = kernel.high;
}

/** Copies `[offset, offset + len)` of `from` to `at` of `to`, then summarizes it there, in one call where both allow it. */
export function copySummarize(
  to: Octets,
  at: number,
  from: Octets,
  offset: number,
  len: number,
  out: OctetSummary,
): void {
  const kernel = summaryKernel();
  if (kernel === null || to.at < 0 || from.at < 0) {
    to.bytes.set(from.bytes.subarray(offset, offset + len), at);
    summarize(to, at, len, out);
    return;
  }
  out.sum = kernel.copySummarize(to.at + at, from.at + offset, len);
  out.low = kernel.low;
  out.high = kernel.high;
}

/** Longest octets whose digest is made of all of them: the kernel's scratch. No UDP payload is longer. */
const MOST_DIGESTED = 65_536;

/** A digest of 64 bits, in hexadecimal: the same in every process of one machine. Tells chance changes, not malice. */
export function commonDigest(bytes: Uint8Array): string {
  const len = Math.min(bytes.length, MOST_DIGESTED);
  const kernel = summaryKernel();
  if (kernel === null) {
    const { buffer, byteOffset } = bytes;
    summarizePlain(new DataView(buffer, byteOffset, len), 0, len, digested, COMMON_SEED);
    return hex32(digested.low) + hex32(digested.high);
  }
  if (bytes.buffer === kernel.bytes.buffer) kernel.digest(bytes.byteOffset, len);
  else {
    kernel.bytes.set(len < bytes.length ? bytes.subarray(0, len) : bytes, kernel.scratch);
    kernel.digest(kernel.scratch, len);
  }
  return hex32(kernel.low) + hex32(kernel.high);
}

const COMMON_SEED = 0x7566_6f21;
const digested = new OctetSummary();

function hex32(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/** Where the octets of `bytes`' ArrayBuffer begin in the memory of the SIMD kernel: 0 if it is that, otherwise −1. */
export function kernelOffset(bytes: Uint8Array): number {
  return bytes.buffer === summaryKernel()?.bytes.buffer ? 0 : -1;
}

/** `summarize` in plain JavaScript, with another digest. Sums of halves stay below 2^32 for 65,535 octets. */
export function summarizePlain(
  view: DataView,
  offset: number,
  len: number,
  out: OctetSummary,
  seed: number = digestSeed,
): void {
  let at = offset;
  let total = 0;
  let upper = 0;
  let h1 = seed;
  let h2 = seed ^ P2;
  let h3 = seed ^ P3;
  let h4 = seed ^ len;
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
    upper = (upper + (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16)) | 0;
    upper = (upper + (e >>> 16) + (f >>> 16) + (g >>> 16) + (h >>> 16)) | 0;
    // Two words a step, the second turned, so that exchanged words show.
    h1 = Math.imul(h1 ^ ((a + ((b << 13) | (b >>> 19))) | 0), P1);
    h2 = Math.imul(h2 ^ ((c + ((d << 13) | (d >>> 19))) | 0), P2);
    h3 = Math.imul(h3 ^ ((e + ((f << 13) | (f >>> 19))) | 0), P3);
    h4 = Math.imul(h4 ^ ((g + ((h << 13) | (h >>> 19))) | 0), P4);
  }
  for (const end = offset + len - (len & 3); at < end; at += 4) {
    const word = view.getInt32(at, true);
    total = (total + word) | 0;
    upper = (upper + (word >>> 16)) | 0;
    h1 = Math.imul(h1 ^ word, P1);
  }
  const rest = tail(view, at, len & 3);
  const lower = (total - (upper << 16)) >>> 0;
  const sum = foldSum(lower + (upper >>> 0) + (rest & 0xffff) + (rest >>> 16));
  out.sum = swap16(sum);
  out.low = (Math.imul(h1 ^ rest, P1) + Math.imul(h3 ^ (h3 >>> 15), P2)) | 0;
  out.high = (Math.imul(h2 ^ (h2 >>> 15), P3) + Math.imul(h4 ^ (h4 >>> 15), P4) + (h1 >>> 16)) | 0;
}

/** The last 0 … 3 octets as a little-endian word. */
function tail(view: DataView, offset: number, len: number): number {
  let word = 0;
  for (let i = len - 1; i >= 0; i--) word = (word << 8) | view.getUint8(offset + i);
  return word;
}
