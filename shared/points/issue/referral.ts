import { divFloor } from '#shared/money/exact.ts';
import { wholeBp } from '#shared/money/rate.ts';
import { daysBetween } from '#shared/time/calendar-day.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';

/** Rule R22: floor(5% of the friend's consumer points), extra points, one level only. */
export const referralPoints = (friendPoints: PointFen, config: PointsConfig): PointFen =>
  pointFen(divFloor(BigInt(friendPoints) * BigInt(config.referralBp), BigInt(wholeBp)));

/**
 * Whether a referrer earns on an order (rule R22): inside the window after the bond began (the day of the
 * bond counts as day 0), and never between related accounts.
 */
export function referralApplies(
  bond: { readonly boundOn: string; readonly orderedOn: string; readonly related: boolean },
  config: PointsConfig,
): boolean {
  const ageDays = daysBetween({ from: bond.boundOn, to: bond.orderedOn });
  return !bond.related && ageDays >= 0 && ageDays < config.referralWindowDays;
}
