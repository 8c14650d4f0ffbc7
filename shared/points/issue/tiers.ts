import { fen, minFen, type Fen } from '#shared/money/fen.ts';
import { shareFloor } from '#shared/money/rate.ts';
import { daysBetween } from '#shared/time/calendar-day.ts';
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

/** Consumption of this many days counts for the tier (rule R23: 12 months). */
export const tierWindowDays = 365;
/** A tier outlives the score that gave it by this many days (12 months). */
export const tierKeptDays = 365;

/** What is kept of a member's tier from one look at his score to the next. */
export interface KeptTier {
  readonly tier: number;
  /** Last day on which the score was seen to reach the tier, YYYY-MM-DD. */
  readonly reachedOn: string;
}

/**
 * The tier after a look at the score (rule R23): a higher one at once; a lower one only when the
 * kept one was not reached for 12 months, and then the one that the score gives on that day.
 */
export function nextTier(
  kept: KeptTier | undefined,
  look: { readonly scoreTier: number; readonly onDay: string },
): KeptTier {
  const { scoreTier, onDay } = look;
  const isKept =
    kept !== undefined &&
    scoreTier < kept.tier &&
    daysBetween({ from: kept.reachedOn, to: onDay }) < tierKeptDays;
  return isKept ? kept : { tier: scoreTier, reachedOn: onDay };
}
