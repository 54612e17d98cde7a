import { joined } from './octets.js';
import type { Random } from './random.js';

/** `octets` with a few changes of the kinds that parsers stumble over; `from` and what is before it stay. */
export function mutateOctets(octets: Uint8Array, random: Random, from = 0, most = 4): Uint8Array {
  let mutated: Uint8Array = octets.slice();
  for (let times = random.below(most + 1); times > 0; times--) {
    if (mutated.length <= from) return mutated;
    mutated = changed(mutated, from + random.below(mutated.length - from), random);
  }
  return mutated;
}

function changed(octets: Uint8Array, at: number, random: Random): Uint8Array {
  const left = octets.length - at;
  switch (random.below(9)) {
    case 0:
      octets[at] = random.below(256);
      return octets;
    case 1:
      return octets.slice(0, at);
    case 2: // some are missing
      return joined(octets.subarray(0, at), octets.subarray(at + Math.min(left, 1 + random.below(8))));
    case 3: // some are there twice
      return joined(octets.subarray(0, at + Math.min(left, random.below(64))), octets.subarray(at));
    case 4:
      return joined(octets.subarray(0, at), random.octets(1 + random.below(8)), octets.subarray(at));
    case 5:
      return putNumber(octets, at & ~1, 2, random);
    case 6:
      return putNumber(octets, at & ~3, 4, random);
    default:
      octets[at]! ^= 1 << random.below(8);
      return octets;
  }
}

function putNumber(octets: Uint8Array, at: number, len: 2 | 4, random: Random): Uint8Array {
  if (at + len > octets.length) return octets;
  const view = new DataView(octets.buffer, octets.byteOffset);
  const little = random.once(2);
  if (len === 2) view.setUint16(at, random.number(), little);
  else view.setUint32(at, random.number(), little);
  return octets;
}

/** Characters that the small languages give a meaning, and some that nobody does. */
const CHARACTERS = [...'0123456789abcdefxkKMGi/.,:;|()[]{}"=-+− %_\\\n\t\0', 'é', '\ud800', '𝄞'];

/** `text` with a few changes, pieces of `words` among them. */
export function mutateText(text: string, random: Random, words: readonly string[] = []): string {
  let mutated = text;
  for (let times = random.below(4); times > 0; times--) {
    const at = random.below(mutated.length + 1);
    const gone = random.once(2) ? random.below(4) : 0;
    const put = words.length > 0 && random.once(3) ? random.pick(words) : random.pick(CHARACTERS);
    mutated = mutated.slice(0, at) + (random.once(4) ? '' : put) + mutated.slice(at + gone);
  }
  return mutated;
}
