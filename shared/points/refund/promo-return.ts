import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import { assert } from '#shared/result/assert.ts';

/**
 * What comes back of a price when `used` of `quantity` was delivered: the undelivered part, rounded
 * down (rule R28), so that what was delivered is never paid for with less than its share.
 */
export function undeliveredPoints(order: {
  readonly pricePoints: PointFen;
  readonly quantity: number;
  readonly used: number;
}): PointFen {
  const { pricePoints, quantity, used } = order;
  assert(used >= 0 && used <= quantity && quantity > 0, () => `${used} of ${quantity}`);
  return pointFen((BigInt(pricePoints) * BigInt(quantity - used)) / BigInt(quantity));
}
