import { fen, type Fen } from '#shared/money/fen.ts';
import type { BasisPoints } from '#shared/money/rate.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import {
  closeSchedulePeriod,
  emptySchedule,
  entitlementOf,
  startLot,
  type ScheduleState,
} from '#shared/points/release/schedule.ts';

/** Somebody, or many people who behave alike, with what he buys. */
export interface Actor {
  readonly id: string;
  /** Score of real purchases, 0..10000: below it the part of a multiplier above 1 is cut. */
  readonly scoreBp: BasisPoints;
  /** Paid in money in each month, fen. */
  readonly netFen: readonly number[];
  /** Does a friend who brought him in earn on his orders? The friend is of the same kind: points stay together. */
  readonly hasReferrer: boolean;
  /** `member` buys and is given vouchers; `shop` stands for the shops' points under literal rules. */
  readonly side: 'member' | 'shop';
  /** The account of the shop at which he buys. */
  readonly shopId: string;
}

/** A lot as the lab keeps it: points of one month, and when its schedule ends. */
interface KeptLot {
  readonly points: PointFen;
  readonly n: number;
  readonly lastClose: number;
}

/** Vouchers released in one month. */
export interface Vintage {
  readonly month: number;
  releasedFen: number;
  usedFen: number;
}

/** The mutable state of an actor; only the functions of this file and of the day change it. */
export interface Account {
  readonly actor: Actor;
  schedule: ScheduleState;
  lots: KeptLot[];
  /** Points released so far, and points that entered. */
  releasedPoints: number;
  issuedPoints: number;
  /** Of the running month: pending points and money, and what counts for the month's cap. */
  pendingPoints: number;
  pendingFundFen: number;
  pendingContingencyFen: number;
  consumedFen: number;
  monthReleasedFen: number;
  /** Vouchers that are still good, oldest first. */
  vintages: Vintage[];
  /** All that was ever released to him and spent by him. */
  releasedFen: number;
  spentFen: number;
}

export const newAccount = (actor: Actor): Account => ({
  actor,
  schedule: emptySchedule,
  lots: [],
  releasedPoints: 0,
  issuedPoints: 0,
  pendingPoints: 0,
  pendingFundFen: 0,
  pendingContingencyFen: 0,
  consumedFen: 0,
  monthReleasedFen: 0,
  vintages: [],
  releasedFen: 0,
  spentFen: 0,
});

/** Points that came due and were not released yet. */
export const dueOf = (account: Account): PointFen =>
  pointFen(entitlementOf(account.schedule) - account.releasedPoints);

export const unreleasedOf = (account: Account): number =>
  account.issuedPoints - account.releasedPoints;

/**
 * Mutates: the month's points become final and begin to run, and the schedule advances by one close. A lot gives its
 * first slice at the close of its own month.
 */
export function closeAccountMonth(account: Account, close: { month: number; n: number }): void {
  const points = pointFen(account.pendingPoints);
  if (points > 0) {
    account.lots.push({ points, n: close.n, lastClose: close.month + close.n - 1 });
    account.schedule = startLot(account.schedule, { points, n: close.n });
    account.issuedPoints += points;
  }
  const ending = account.lots.filter((lot) => lot.lastClose === close.month);
  account.schedule = closeSchedulePeriod(account.schedule, ending);
  if (ending.length > 0) account.lots = account.lots.filter((lot) => lot.lastClose > close.month);
  account.pendingPoints = 0;
  account.consumedFen = 0;
  account.monthReleasedFen = 0;
}

/** What the running lots give at the close `ahead` months after `month`, in point-fen; for the forecast only. */
export const sliceAhead = (account: Account, at: { month: number; ahead: number }): number =>
  account.lots.reduce(
    (sum, lot) => sum + (lot.lastClose >= at.month + at.ahead ? lot.points / lot.n : 0),
    0,
  );

/** Mutates: a release of the running month joins its vintage. */
export function grant(
  account: Account,
  gift: { month: number; valueFen: Fen; points: PointFen },
): void {
  if (gift.valueFen === 0) return;
  const last = account.vintages.at(-1);
  if (last?.month === gift.month) last.releasedFen += gift.valueFen;
  else account.vintages.push({ month: gift.month, releasedFen: gift.valueFen, usedFen: 0 });
  account.releasedFen += gift.valueFen;
  account.monthReleasedFen = fen(account.monthReleasedFen + gift.valueFen);
  account.releasedPoints += gift.points;
}
