/**
 * What steady growth for ever would carry, by a formula instead of a life: in each period a lot gives one slice, and the
 * slices of all running lots together come due against the concession of one period.
 */
export interface SteadyGrowth {
  /** Growth per period, 0.15 for 15%. */
  readonly growth: number;
  /** Periods of a lot. */
  readonly n: number;
}

/** Points that enter per fen of concession: the member's own and the referral. */
const memberPoints = 1.05;
/** And those of the shop. */
const shopPoints = 1;

/** Points due in a period, at par, per fen of the concession of the same period. */
export function dueShare({ growth, n }: SteadyGrowth, points = memberPoints): number {
  let slices = 0;
  for (let age = 1; age <= n; age += 1) slices += (1 + growth) ** -age;
  return (points * slices) / n;
}

/** The largest multiplier that the fund's part of the concession could pay in every period alike. */
export const multMax = (steady: SteadyGrowth, fundShare: number): number =>
  fundShare / dueShare(steady);

/** The same if the shops' points were vouchers, too, and the whole concession were spent on them. */
export const multMaxBothSides = (steady: SteadyGrowth): number =>
  1 / dueShare(steady, memberPoints + shopPoints);
