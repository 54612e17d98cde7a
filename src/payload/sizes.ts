import { mixed } from './mixed.js';

/** From `min` to `max` octets, both of them included. */
export interface SizeRange {
  readonly min: number;
  readonly max: number;
}

/** Octets of generated payloads: the same for all, or ranges that they take in turn. Plain values, for threads to be told. */
export type PayloadSizes = number | readonly SizeRange[];

/** Octets of datagram `sequence`; which of a range it is depends on seed and sequence alone. */
export function sizeOf(sizes: PayloadSizes, seed: number, sequence: number): number {
  if (typeof sizes === 'number') return sizes;
  const { min, max } = sizes[sequence % sizes.length]!;
  return min === max ? min : min + (mixed(seed, sequence) % (max - min + 1));
}

export function smallestOf(sizes: PayloadSizes): number {
  return typeof sizes === 'number'
    ? sizes
    : sizes.reduce((least, { min }) => Math.min(least, min), Number.POSITIVE_INFINITY);
}

export function largestOf(sizes: PayloadSizes): number {
  return typeof sizes === 'number' ? sizes : sizes.reduce((most, { max }) => Math.max(most, max), 0);
}

const SMALL = same(18);
const MIDDLE = same(524);
const LARGE = same(1472);

/**
 * The simple IMIX: frames of 64, 570 and 1518 octets, check sequence included, as 7 : 4 : 1, here what UDP over IPv4 carries in
 * them (46 octets less). Each twelve have the proportion, the sizes spread over them.
 */
export const IMIX: readonly SizeRange[] = [
  ...[SMALL, MIDDLE, SMALL, SMALL, MIDDLE, SMALL],
  ...[LARGE, SMALL, MIDDLE, SMALL, MIDDLE, SMALL],
];

function same(size: number): SizeRange {
  return { min: size, max: size };
}
