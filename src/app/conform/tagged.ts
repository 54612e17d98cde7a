import { addSums } from '../../wire/checksum.js';

/**
 * Payload in units of 8 octets, the unit that IP cuts at. Each says which probe it is of, where it belongs, and who sent it:
 *
 *     | probe | index | owner | rest |      four 16-bit words
 *
 * `rest` makes every unit's one's complement sum 0xffff, whoever owns it. So a receiver may mix fragments as it likes: the
 * UDP checksum, which does not depend on the units then, is right for any mixture, and the answer tells whose octets won.
 */
export const UNIT = 8;

/** The units `[from, to)` of a probe as `owner` sends them. */
export function taggedUnits(probe: number, owner: number, from: number, to: number): Uint8Array {
  const octets = new Uint8Array(UNIT * (to - from));
  const view = new DataView(octets.buffer);
  for (let index = from; index < to; index++) {
    const at = UNIT * (index - from);
    const rest = ~addSums(addSums(probe, index), owner) & 0xffff;
    view.setUint16(at, probe);
    view.setUint16(at + 2, index);
    view.setUint16(at + 4, owner);
    view.setUint16(at + 6, rest);
  }
  return octets;
}

/** Who owns each whole unit of an answer; −1 for one that is none of this probe's, or not where it belongs. */
export function ownersOf(octets: Uint8Array, probe: number): number[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return Array.from({ length: Math.floor(octets.length / UNIT) }, (_none, index) => {
    const at = UNIT * index;
    return view.getUint16(at) === probe && view.getUint16(at + 2) === index ? view.getUint16(at + 4) : -1;
  });
}

/**
 * The words of an answer's first unit: one of them names the probe, not always the first, for the plan `interleave` turns words.
 * No other is like a probe's: indices and owners are less than any (`Sightings.nextIdent`), `rest` is more.
 */
export function firstWords(octets: Uint8Array): number[] {
  if (octets.length < UNIT) return [];
  return [0, 2, 4, 6].map((at) => (octets[at]! << 8) | octets[at + 1]!);
}

/** The probe that an answer's first unit names; −1 where there is no unit. */
export function probeOf(octets: Uint8Array): number {
  return octets.length < UNIT ? -1 : (octets[0]! << 8) | octets[1]!;
}
