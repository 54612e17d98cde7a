import { bodyStart, inspectTag, PAYLOAD_HEADER_LEN, payloadTable, TIMED_HEADER_LEN } from '../payload/generated.js';

/** `another`: fragments carry octets of another datagram of the seed. `changed`: some octets of a fragment are others. */
export type PayloadOrigin = 'own' | 'another' | 'changed' | 'foreign';

/** Fewer octets are found by chance. */
const LEAST_FOUND = 8;
const NEEDLE = 16;

/**
 * Whose octets the fragments carry: `payload` begins `payloadAt` octets into the IP payload, and `pieces` has offset and length
 * of each. Undefined where it was not generated. What stands behind the number in the same fragment is of the same datagram:
 * where it is not that number's, one of both was changed.
 */
export function payloadOrigin(
  payload: Uint8Array,
  payloadAt: number,
  pieces: readonly number[],
): PayloadOrigin | undefined {
  const tag = inspectTag(payload);
  if (tag === null) return undefined;
  const table = payloadTable(tag.seed);
  const headLen = tag.sentAt === undefined ? PAYLOAD_HEADER_LEN : TIMED_HEADER_LEN;
  const own = bodyStart(tag.sequence) - headLen;
  let origin: PayloadOrigin = 'own';
  for (let i = 0; i < pieces.length; i += 2) {
    const from = Math.max(headLen, pieces[i]! - payloadAt);
    const octets = payload.subarray(from, Math.max(from, pieces[i]! + pieces[i + 1]! - payloadAt));
    const one = originOf(octets, table, own + from);
    if (one === 'changed' || (one !== 'own' && pieces[i]! <= payloadAt)) return 'changed';
    if (one !== 'own' && origin !== 'foreign') origin = one;
  }
  return origin;
}

function originOf(octets: Uint8Array, table: Uint8Array, own: number): PayloadOrigin {
  const want = table.subarray(own, own + octets.length);
  if (Buffer.compare(octets, want) === 0) return 'own';
  if (2 * common(octets, want) > octets.length) return 'changed';
  if (octets.length < LEAST_FOUND) return 'foreign';
  const at = Buffer.from(table.buffer, table.byteOffset, table.length).indexOf(octets.subarray(0, NEEDLE));
  const found = at >= 0 && Buffer.compare(octets, table.subarray(at, at + octets.length)) === 0;
  return found ? 'another' : 'foreign';
}

function common(some: Uint8Array, others: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < some.length; i++) if (some[i] === others[i]) count++;
  return count;
}
