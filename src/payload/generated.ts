/**
 * Generated payloads: each says which it is and what it has to be, so that a receiver who knows nothing can judge it.
 *
 *      0       4       8       12      16
 *     | 'ufo!' | seed  | sequence | length | body …            all big-endian
 *
 * The body is a stretch of a random table that the seed gives; where it begins depends on the sequence, and no two of 65,536
 * datagrams in a row begin alike, so a splice of two of them is seen. Making one costs a copy. A payload of less than 16
 * octets is body only and can be judged only by who knows seed and sequence.
 */
export const PAYLOAD_HEADER_LEN = 16;

export const MAGIC = 0x75666f21;
const SPAN = 65_536;
/** A body of the largest payload fits behind any beginning. */
export const TABLE_LEN = 2 * SPAN;

let cachedSeed = -1;
let cachedTable = new Uint8Array(0);

/** Fills `bytes` with datagram `sequence` of `seed` (both 0 … 2^32 − 1). At most 65,536 octets. */
export function fillPayload(bytes: Uint8Array, seed: number, sequence: number): void {
  const { length } = bytes;
  const bodyAt = length < PAYLOAD_HEADER_LEN ? 0 : PAYLOAD_HEADER_LEN;
  if (bodyAt > 0) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, PAYLOAD_HEADER_LEN);
    view.setUint32(0, MAGIC);
    view.setUint32(4, seed);
    view.setUint32(8, sequence);
    view.setUint32(12, length);
  }
  const start = bodyStart(sequence);
  bytes.set(payloadTable(seed).subarray(start, start + length - bodyAt), bodyAt);
}

/** The payload as a new buffer. */
export function makePayload(length: number, seed: number, sequence: number): Uint8Array {
  const bytes = new Uint8Array(length);
  fillPayload(bytes, seed, sequence);
  return bytes;
}

/** What a payload says of itself; null where it was not generated here or is too short to say. */
export interface GeneratedPayload {
  readonly seed: number;
  readonly sequence: number;
  /** Octets it was made with. */
  readonly length: number;
  /** First octet that is not as it was made, −1 where all are; the length of the shorter where one is cut. */
  readonly firstWrong: number;
}

/** Which datagram a payload says it is, from its first 16 octets; null where they were not generated here. */
export function inspectTag(bytes: Uint8Array): Omit<GeneratedPayload, 'firstWrong'> | null {
  if (bytes.length < PAYLOAD_HEADER_LEN) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, PAYLOAD_HEADER_LEN);
  if (view.getUint32(0) !== MAGIC) return null;
  return { seed: view.getUint32(4), sequence: view.getUint32(8), length: view.getUint32(12) };
}

/** Judges a payload by what it says of itself. */
export function inspectPayload(bytes: Uint8Array): GeneratedPayload | null {
  const tag = inspectTag(bytes);
  return tag && { ...tag, firstWrong: firstWrongOctet(bytes, tag.seed, tag.sequence, tag.length) };
}

function firstWrongOctet(bytes: Uint8Array, seed: number, sequence: number, length: number): number {
  const start = bodyStart(sequence);
  const bodyLen = Math.min(bytes.length, length, SPAN) - PAYLOAD_HEADER_LEN;
  const want = payloadTable(seed).subarray(start, start + Math.max(0, bodyLen));
  const body = bytes.subarray(PAYLOAD_HEADER_LEN, PAYLOAD_HEADER_LEN + want.length);
  if (Buffer.compare(body, want) !== 0) {
    let at = 0;
    while (body[at] === want[at]) at++;
    return PAYLOAD_HEADER_LEN + at;
  }
  return bytes.length === length ? -1 : Math.min(bytes.length, length);
}

/** Where the body of a datagram begins in its seed's table. An odd factor makes a bijection of 16 bits. */
export function bodyStart(sequence: number): number {
  return Math.imul(sequence, 0x9e37) & (SPAN - 1);
}

/** The octets that bodies of a seed are stretches of: xorshift32 (Marsaglia), words little-endian; the last seed's table is kept. */
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
