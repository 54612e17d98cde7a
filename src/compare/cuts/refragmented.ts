import { viewOf } from '../../faults/packet.js';
import * as ipv4 from '../../wire/ipv4.js';
import type { Made, Reference } from './cause.js';
import { byOffset } from './differences.js';
import type { CutPacket } from './packet.js';
import { cutAt, evenly, identOf } from './rebuild.js';

/** MTUs that get smaller on a way, the sender's own among them; with more any sizes could be called so. */
const MOST_LEVELS = 3;
/** A piece is a multiple of 8, but that which ends the datagram may fill the MTU. */
const ROUNDING = 7;

/** What pieces were cut at once: the octets of all but the last, and those of the last. */
interface Level {
  readonly size: number;
  readonly end: number;
}

/**
 * The octets of IP payload that fragments were cut at, the smallest MTU first, as their sizes in the order of offsets tell: what
 * was cut for one MTU and again for a smaller one is runs of the same size, each ended by a shorter piece. Of what was cut once
 * there is one; null where sizes are of no such cut.
 *
 *     1376 104 1376 104 1048   →   1480 1480 1048   →   1376 and 1480
 */
export function levelsOf(sizes: readonly number[]): Level[] | null {
  const levels: Level[] = [];
  for (let pieces = sizes; levels.length < MOST_LEVELS; ) {
    const [size = 0] = pieces;
    const last = pieces.length - 1;
    if (size === 0 || pieces.some((len, i) => len > size + (i === last ? ROUNDING : 0))) return null;
    levels.push({ size, end: pieces[last]! });
    if (pieces.every((len, i) => len === size || i === last)) return levels;
    pieces = runsOf(pieces, size);
  }
  return null;
}

/** The lengths of the runs that a piece of another length than `size` ends. */
function runsOf(pieces: readonly number[], size: number): number[] {
  const runs: number[] = [];
  let run = 0;
  for (const [i, len] of pieces.entries()) {
    run += len;
    if (len === size && i < pieces.length - 1) continue;
    runs.push(run);
    run = 0;
  }
  return runs;
}

/** Octets of IP payload in each fragment by offset, if a router may have cut it again: over IPv6 none does, nor where DF is set. */
export function recutSizes(packets: readonly CutPacket[]): number[] | null {
  const mayBe = ({ family, header }: CutPacket): boolean => family === 4 && !ipv4.getDontFragment(viewOf(header), 0);
  return packets.every(mayBe) ? byOffset(packets).map(({ payload }) => payload.length) : null;
}

/** Our fragments, each cut again for the smaller MTUs that those which came show. */
export function refragmented({ whole, packets }: Made, { family }: Reference, got: readonly CutPacket[]): Made | null {
  if (family !== 4 || packets.length === 0 || got.length <= packets.length) return null;
  const sizes = recutSizes(got);
  const levels = sizes && levelsOf(sizes);
  if (levels === null) return null;
  let pieces = byOffset(packets).map(({ payload }) => payload.length);
  const own = pieces[0]!;
  for (const level of levels.filter(({ size }) => size < own).reverse()) {
    const last = pieces.pop()!;
    pieces = [...pieces.flatMap((len) => evenly(len, level.size)), ...cutLast(last, level)];
  }
  return { whole, packets: cutAt(whole, pieces, identOf(packets)) };
}

/** What ends the datagram may end in a piece that is a few octets longer than the others. */
function cutLast(len: number, { size, end }: Level): number[] {
  const before = len - end;
  return end > size && before >= 0 && before % size === 0
    ? [...Array<number>(before / size).fill(size), end]
    : evenly(len, size);
}
