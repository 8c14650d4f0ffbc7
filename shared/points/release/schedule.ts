import { divFloor } from '#shared/money/exact.ts';
import { assert } from '#shared/result/assert.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';

/** lcm(36, 37, 38, 39, 40): every lot's slice is a whole number of 1/L point-fen (docs/points.md 2.5). */
export const scheduleLcm = 3_290_040n;

/** Points issued together, released in n equal slices; `closes` = period closes since issue. */
export interface Lot {
  readonly points: PointFen;
  /** Number of periods, 36..40. */
  readonly n: number;
  readonly closes: number;
}

/**
 * The O(1) state of an account: both numbers in 1/L point-fen. `activeNum` is what one close adds while the lots
 * run, `cumNum` what all closes have added.
 */
export interface ScheduleState {
  readonly activeNum: bigint;
  readonly cumNum: bigint;
}

export const emptySchedule: ScheduleState = { activeNum: 0n, cumNum: 0n };

/** What one lot adds to `activeNum`: points * L / n, exact. */
export function sliceNum(lot: { readonly points: PointFen; readonly n: number }): bigint {
  assert(
    Number.isInteger(lot.n) && scheduleLcm % BigInt(lot.n) === 0n,
    () => `a lot of ${lot.n} periods`,
  );
  return BigInt(lot.points) * (scheduleLcm / BigInt(lot.n));
}

/** A new lot starts to run. */
export const startLot = (
  state: ScheduleState,
  lot: { readonly points: PointFen; readonly n: number },
): ScheduleState => ({ ...state, activeNum: state.activeNum + sliceNum(lot) });

/** One period closes: every running lot gives one slice, then the lots that end here stop. */
export function closeSchedulePeriod(
  state: ScheduleState,
  ending: readonly { readonly points: PointFen; readonly n: number }[],
): ScheduleState {
  const endingNum = ending.reduce((sum, lot) => sum + sliceNum(lot), 0n);
  assert(endingNum <= state.activeNum, () => `${endingNum} end of ${state.activeNum} running`);
  return { activeNum: state.activeNum - endingNum, cumNum: state.cumNum + state.activeNum };
}

/** floor(cumNum / L): the points an account was entitled to so far. */
export const entitlementOf = (state: ScheduleState): PointFen =>
  pointFen(divFloor(state.cumNum, scheduleLcm));

/** The same from the lots themselves: floor(sum of points * (L/n) * min(closes, n) / L). */
export const entitlementOfLots = (lots: readonly Lot[]): PointFen =>
  pointFen(
    divFloor(
      lots.reduce((sum, lot) => sum + sliceNum(lot) * BigInt(Math.min(lot.closes, lot.n)), 0n),
      scheduleLcm,
    ),
  );
