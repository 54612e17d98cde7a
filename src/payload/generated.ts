import { getTime, NANOSECONDS, setTime, TIME_LEN, TIMED_LEAST_LEN } from './time.js';

/**
 * Generated payloads: each says which it is and what it has to be, so that a receiver who knows nothing can judge it.
 *
 *      0       4       8          12       16
 *     | 'ufo!' | seed  | sequence | length | body …            all big-endian
 *     | 'ufot' | seed  | sequence | length | time | body …     with the time it was sent, 8 octets (time.ts)
 *
 * The body is a stretch of a random table that the seed gives; where it begins depends on the sequence, and no two of 65,536
 * datagrams in a row begin alike, so a splice of two of them is seen. Making one costs a copy. A payload of less than 16
 * octets is body only and can be judged only by who knows seed and sequence.
 */
export const PAYLOAD_HEADER_LEN = 16;

export const MAGIC = 0x75666f21;
export const TIMED_MAGIC = 0x75666f74;
export const TIMED_HEADER_LEN: number = PAYLOAD_HEADER_LEN + TIME_LEN;
const SPAN = 65_536;
/** A body of the largest payload fits behind any beginning. */
export const TABLE_LEN = 2 * SPAN;

let cachedSeed = -1;
let cachedTable = new Uint8Array(0);

/**
 * Fills `bytes` with datagram `sequence` of `seed` (both 0 … 2^32 − 1). At most 65,536 octets.
 * @param sentAt milliseconds since the epoch, for a payload that says so; not in one of less than 32 octets
 */
export function fillPayload(bytes: Uint8Array, seed: number, sequence: number, sentAt?: number): void {
  const { length } = bytes;
  const timed = sentAt !== undefined && length >= TIMED_LEAST_LEN;
  const bodyAt = length < PAYLOAD_HEADER_LEN ? 0 : timed ? TIMED_HEADER_LEN : PAYLOAD_HEADER_LEN;
  if (bodyAt > 0) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bodyAt);
    view.setUint32(0, timed ? TIMED_MAGIC : MAGIC);
    view.setUint32(4, seed);
    view.setUint32(8, sequence);
    view.setUint32(12, length);
    if (timed) setTime(view, 0, sentAt);
  }
  const start = bodyStart(sequence);
  bytes.set(payloadTable(seed).subarray(start, start + length - bodyAt), bodyAt);
}

/** The payload as a new buffer. */
export function makePayload(length: number, seed: number, sequence: number, sentAt?: number): Uint8Array {
  const bytes = new Uint8Array(length);
  fillPayload(bytes, seed, sequence, sentAt);
  return bytes;
}

/** What a payload says of itself; null where it was not generated here or is too short to say. */
export interface GeneratedPayload {
  readonly seed: number;
  readonly sequence: number;
  /** Octets it was made with. */
  readonly length: number;
  /** When it was sent, milliseconds since the epoch by the sender's clock; only where it says so. */
  readonly sentAt?: number;
  /** First octet that is not as it was made, −1 where all are; the length of the shorter where one is cut. */
  readonly firstWrong: number;
}

/** What the first octets of a payload say. */
type Tag = Omit<GeneratedPayload, 'firstWrong'>;

/** Which datagram a payload says it is, from its first 16 octets; null where they were not generated here. */
export function inspectTag(bytes: Uint8Array): Tag | null {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, Math.min(length, TIMED_HEADER_LEN));
  if (!isTagged(view, 0, length)) return null;
  const sentAt = sentAtOf(view, 0, length);
  const tag = { seed: view.getUint32(4), sequence: view.getUint32(8), length: view.getUint32(12) };
  return sentAt === null ? tag : { ...tag, sentAt };
}

function isTagged(view: DataView, base: number, length: number): boolean {
  if (length < PAYLOAD_HEADER_LEN) return false;
  const magic = view.getUint32(base);
  return magic === MAGIC || magic === TIMED_MAGIC;
}

/** Null where it says none, or none that can be. */
function sentAtOf(view: DataView, base: number, length: number): number | null {
  return length >= TIMED_HEADER_LEN && view.getUint32(base) === TIMED_MAGIC ? getTime(view, base) : null;
}

/** The first octet of a body, `len` octets from `bodyAt` on, that is not as from `start` on in the seed's table; −1: none. */
export type CompareBody = (bodyAt: number, seed: number, start: number, len: number) => number;

/** Judges a payload by what it says of itself. */
export function inspectPayload(bytes: Uint8Array): GeneratedPayload | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, TIMED_HEADER_LEN));
  return judgePayload(view, 0, bytes.length, (bodyAt, seed, start, len) => {
    const body = bytes.subarray(bodyAt, bodyAt + len);
    const want = payloadTable(seed).subarray(start, start + len);
    if (Buffer.compare(body, want) === 0) return -1;
    let at = 0;
    while (body[at] === want[at]) at++;
    return at;
  });
}

/** Judges `length` octets that begin at `base` of `view`; `compare` is given offsets of that view. */
export function judgePayload(
  view: DataView,
  base: number,
  length: number,
  compare: CompareBody,
): GeneratedPayload | null {
  if (!isTagged(view, base, length)) return null;
  const seed = view.getUint32(base + 4);
  const sequence = view.getUint32(base + 8);
  const told = view.getUint32(base + 12);
  const timed = view.getUint32(base) === TIMED_MAGIC;
  const sentAt = sentAtOf(view, base, length);
  let firstWrong = NANOSECONDS; // of a time that is none
  if (!timed || sentAt !== null || length < TIMED_HEADER_LEN) {
    // What the head says is believed, for there is nothing to hold it against.
    const headLen = timed ? TIMED_HEADER_LEN : PAYLOAD_HEADER_LEN;
    const bodyLen = Math.max(0, Math.min(length, told, SPAN) - headLen);
    const wrong = compare(base + headLen, seed, bodyStart(sequence), bodyLen);
    if (wrong >= 0) firstWrong = headLen + wrong;
    else firstWrong = length === told ? -1 : Math.min(length, told);
  }
  // Spread, it would cost a microsecond.
  return sentAt === null
    ? { seed, sequence, length: told, firstWrong }
    : { seed, sequence, length: told, sentAt, firstWrong };
}

/** Octets of a body by which it is told that the number in front of it is its own. */
const SURE = 8;

/** Whether the body begins as that of the number in front of it does, though something else may be wrong. */
export function isSure({ sentAt, firstWrong }: GeneratedPayload): boolean {
  return firstWrong < 0 || firstWrong >= (sentAt === undefined ? PAYLOAD_HEADER_LEN : TIMED_HEADER_LEN) + SURE;
}

/** Where the body of a datagram begins in its seed's table. An odd factor makes a bijection of 16 bits. */
export function bodyStart(sequence: number): number {
  return Math.imul(sequence, 0x9e37) & (SPAN - 1);
}

/**
 * The octets that bodies of a seed are stretches of: xorshift32 (Marsaglia), words little-endian; the last seed's table is kept.
 */
export function payloadTable(seed: number): Uint8Array {
  if (seed === cachedSeed) return cachedTable;
  const words = new Uint32Array(TABLE_LEN / 4);
  let state = (Math.imul(seed, 0x9e37_79b1) ^ 0x5bd1_e995) >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  cachedSeed = seed;
  cachedTable = new Uint8Array(words.buffer);
  return cachedTable;
}
