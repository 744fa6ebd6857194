/** @returns NaN of nothing */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/**
 * The smallest sample that so much of all is not above (nearest rank): of 20 the 19th is the 95th percentile; of fewer it is the largest.
 * @param quantile between 0 and 1
 * @returns NaN of nothing
 */
export function percentile(values: readonly number[], quantile: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? Number.NaN;
}

/**
 * How many times the other's. Samples of the same round belong together, so the ratio is taken in each round: what slows the machine for a
 * while slows both. Where the rounds are not the same, it is the ratio of the medians.
 */
export function medianRatio(own: readonly number[], other: readonly number[]): number {
  if (own.length !== other.length) return median(own) / median(other);
  return median(own.map((value, round) => value / (other[round] ?? Number.NaN)));
}
