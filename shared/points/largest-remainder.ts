import { divFloor } from '#shared/money/exact.ts';
import { assert } from '#shared/result/assert.ts';

/**
 * Divides `total` in proportion to `weights`: floors first, then one more to the largest remainders, equal
 * remainders to the earlier. The parts add up to `total`. Weights are 0 or more and not all 0.
 */
export function largestRemainder(total: bigint, weights: readonly bigint[]): readonly bigint[] {
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0n);
  assert(weightSum > 0n && total >= 0n, () => `cannot divide ${total} by weights of ${weightSum}`);
  const floors = weights.map((weight) => divFloor(weight * total, weightSum));
  const left = total - floors.reduce((sum, part) => sum + part, 0n);
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: (weight * total) % weightSum }))
    .toSorted((a, b) =>
      a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
    );
  const lucky = new Set(byRemainder.slice(0, Number(left)).map(({ index }) => index));
  return floors.map((part, index) => (lucky.has(index) ? part + 1n : part));
}
