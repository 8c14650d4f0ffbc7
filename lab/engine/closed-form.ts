/**
 * What steady growth for ever would carry, by a formula instead of a life: in each period a lot
 * gives one slice, and the slices of all running lots together come due against the concession of
 * one period.
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

/** What one fake order pays and gets apart from its points, as parts of its net sum. */
export interface FakeOrder {
  readonly rate: number;
  readonly channelFee: number;
  /** Commission to himself. */
  readonly commission: number;
  /** Points per fen of concession that come back as vouchers. */
  readonly points: number;
}

/** Multiplier times released part from which on a fake order gains. */
export const breakEven = ({ rate, channelFee, commission, points }: FakeOrder): number =>
  (rate + channelFee - commission) / (rate * points);

/** Who fakes, and what he gets besides his own points. */
export type FakeGuard = 'guarded' | 'concession-agent' | 'flow-agent' | 'both-sides';

/** {@link breakEven} at a rate: guarded, or with an own referrer and an own agent of a kind. */
export function breakEvenOf(guard: FakeGuard, rate: number): number {
  const order = { rate, channelFee: 0.0038, commission: rate * 0.05, points: memberPoints };
  switch (guard) {
    case 'guarded':
      return breakEven({ ...order, commission: 0, points: 1 });
    case 'concession-agent':
      return breakEven(order);
    case 'flow-agent':
      return breakEven({ ...order, commission: 0.015 });
    case 'both-sides':
      return breakEven({ ...order, points: memberPoints + shopPoints });
  }
}
