/** The middle value; the lower of the two middle ones when their count is even. NaN when there are none. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/**
 * The smallest value that at least `part` of all values do not exceed (nearest rank): 0.99 for the p99.
 * `part` is above 0 and at most 1. NaN when there are no values.
 */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  // In whole ten-thousandths: 0.07 of a hundred is the seventh, and would be the eighth in binary fractions.
  const rank = Math.ceil((values.length * Math.round(part * 10_000)) / 10_000);
  return sorted[rank - 1] ?? Number.NaN;
}
