import { fen, minFen, type Fen } from '#shared/money/fen.ts';
import { shareFloor } from '#shared/money/rate.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';

/**
 * Rule R23: own net consumption of 12 months plus 20% of direct friends' consumption, the latter at most half of
 * one's own. Consumption only, never headcount.
 */
export function tierScore(
  consumption: { readonly ownFen: Fen; readonly referredFen: Fen },
  config: PointsConfig,
): Fen {
  const referredFen = minFen(
    shareFloor(consumption.referredFen, config.tierReferredWeightBp),
    shareFloor(consumption.ownFen, config.tierReferredCapBp),
  );
  return fen(consumption.ownFen + referredFen);
}

/** The tier of a score: the last threshold that it reaches; thresholds include their number. */
export const tierOf = (scoreFen: Fen, config: PointsConfig): number =>
  Math.max(0, config.tierScoreFen.filter((thresholdFen) => scoreFen >= thresholdFen).length - 1);
