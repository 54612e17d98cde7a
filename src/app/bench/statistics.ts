/** The middle one, or the mean of the two in the middle; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The median of the ratios within each round: both were measured one shortly after the other, so what slowed the machine
 * down in one round slowed both. null where there is no round with both.
 */
export function medianRatio(values: readonly number[], yardstick: readonly number[]): number | null {
  const ratios = values
    .map((value, round) => value / (yardstick[round] ?? Number.NaN))
    .filter((ratio) => Number.isFinite(ratio));
  return ratios.length === 0 ? null : median(ratios);
}

/** Largest deviation from the median, as a share of it: how noisy the figures are. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  return values.reduce((most, value) => Math.max(most, Math.abs(value - middle) / middle), 0);
}
