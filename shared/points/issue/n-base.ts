import { clampBig, divFloor } from '#shared/money/exact.ts';
import type { Fen } from '#shared/money/fen.ts';
import { wholeBp } from '#shared/money/rate.ts';
import type { PointFen } from '#shared/points/point-fen.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';

/** The coverage F/X at which new lots run for the fewest periods. */
const coverageFastestBp = 6000n;
/** The coverage F/X up to which new lots run for the most periods. */
const coverageSlowestBp = 3000n;

/**
 * Periods of new lots (rules R6, R7, docs/points.md 2.6): nMax less floor(4 * (F/X - 0.30) / 0.30) held inside
 * 0..nMax-nMin. Better funded means faster. With no points there is no coverage to speak of: nMax.
 */
export function baseLotPeriods(
  pool: { readonly fundFen: Fen; readonly unreleasedPoints: PointFen },
  config: PointsConfig,
): number {
  if (pool.unreleasedPoints <= 0) return config.nMax;
  const [fund, unreleased] = [BigInt(pool.fundFen), BigInt(pool.unreleasedPoints)];
  const steps = divFloor(
    4n * (fund * BigInt(wholeBp) - unreleased * coverageSlowestBp),
    unreleased * (coverageFastestBp - coverageSlowestBp),
  );
  return config.nMax - Number(clampBig(steps, 0n, BigInt(config.nMax - config.nMin)));
}

/** Rule R24: a higher tier shortens the schedule of new lots, never under nMin. */
export const lotPeriods = (base: number, tier: number, config: PointsConfig): number =>
  Math.max(config.nMin, base - tier);
