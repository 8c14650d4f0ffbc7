import { fen, minFen, sumFen, type Fen } from '#shared/money/fen.ts';
import type { BasisPoints } from '#shared/money/rate.ts';
import { accountMultiplier } from '#shared/points/release/account-multiplier.ts';
import { dailyLimit, type DailyBinding } from '#shared/points/release/daily-limit.ts';
import { monthlyCap } from '#shared/points/release/monthly-cap.ts';
import { pointFen, sumPointFen, type PointFen } from '#shared/points/point-fen.ts';
import { pointsUsed, wantOf } from '#shared/points/release/points-used.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { waterFill, type Md5Hex, type Theta } from '#shared/points/release/water-fill.ts';

/** An account that is active, verified and not frozen. */
export interface ReleaseAccount {
  readonly id: string;
  /** Entitlement less released; 0 or less wants nothing. */
  readonly due: PointFen;
  /** Score of real purchases, 0..10000. */
  readonly scoreBp: BasisPoints;
  /** Own net consumption of the calendar month to date. */
  readonly consumedFen: Fen;
  /** Released to the account in the calendar month to date. */
  readonly releasedFen: Fen;
}

export interface ReleaseDayInput {
  readonly runId: string;
  /** Closed gate: nothing is released (invariant I6). */
  readonly gateOpen: boolean;
  /** The period's multiplier and what is left of its budget, fixed at the close. */
  readonly multBp: BasisPoints;
  readonly budgetLeftFen: Fen;
  readonly fundFreeFen: Fen;
  readonly unreleasedPoints: PointFen;
  /** Net consumption accepted on the day less refunds booked on it. */
  readonly dayConsumptionFen: Fen;
  /** Days left in the window, this one included. */
  readonly daysLeft: number;
  readonly accounts: readonly ReleaseAccount[];
}

export interface ReleaseDayPlan {
  readonly limitFen: Fen;
  readonly binding: DailyBinding | 'gate-closed';
  readonly wantLeftFen: Fen;
  readonly theta: Theta;
  readonly releasedFen: Fen;
  /** In the order of the accounts. */
  readonly allocations: readonly ReleaseAllocation[];
  readonly fundAfterFen: Fen;
  readonly unreleasedAfter: PointFen;
}

export interface ReleaseAllocation {
  readonly id: string;
  readonly multBp: BasisPoints;
  readonly wantFen: Fen;
  readonly capFen: Fen;
  readonly allocFen: Fen;
  readonly pointsUsed: PointFen;
}

/**
 * One day of a release window (docs/points.md 2.7), caps in this order: account want, own month cap, the day's total,
 * and water-filling under it. Pure: the cloud runs the same rules as SQL and a test holds both equal.
 */
export function planReleaseDay(
  input: ReleaseDayInput,
  deps: { readonly config: PointsConfig; readonly md5Hex: Md5Hex },
): ReleaseDayPlan {
  const { config } = deps;
  const wanted = input.accounts.map((account) => {
    const multBp = config.bonusRequiresScore
      ? accountMultiplier(input.multBp, account.scoreBp)
      : input.multBp;
    return {
      account,
      multBp,
      wantFen: wantOf(account.due, multBp),
      capFen: monthlyCap(account, config),
    };
  });
  const wantLeftFen = sumFen(wanted.map(({ wantFen }) => wantFen));
  const limit = dailyLimit(
    {
      wantLeftFen,
      daysLeft: input.daysLeft,
      consumptionFen: input.dayConsumptionFen,
      budgetLeftFen: input.budgetLeftFen,
      fundFreeFen: input.fundFreeFen,
    },
    config,
  );
  const limitFen = input.gateOpen ? limit.limitFen : fen(0);
  const { theta, allocFen } = waterFill({
    runId: input.runId,
    totalFen: limitFen,
    rows: wanted.map(({ account, wantFen, capFen }) => ({ id: account.id, wantFen, capFen })),
    md5Hex: deps.md5Hex,
  });
  const allocations = wanted.map(({ account, multBp, wantFen, capFen }, index) => {
    const valueFen = minFen(allocFen[index]!, wantFen);
    const used = valueFen === 0 ? pointFen(0) : pointsUsed({ due: account.due, valueFen, multBp });
    return { id: account.id, multBp, wantFen, capFen, allocFen: valueFen, pointsUsed: used };
  });
  const releasedFen = sumFen(allocations.map((row) => row.allocFen));
  const usedPoints = sumPointFen(allocations.map((row) => row.pointsUsed));
  return {
    limitFen,
    binding: input.gateOpen ? limit.binding : 'gate-closed',
    wantLeftFen,
    theta,
    releasedFen,
    allocations,
    fundAfterFen: fen(input.fundFreeFen - releasedFen),
    unreleasedAfter: pointFen(BigInt(input.unreleasedPoints) - BigInt(usedPoints)),
  };
}
