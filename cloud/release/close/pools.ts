import { sql, type SQL } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { ofClose } from '#cloud/release/accounts/close-chunks.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import type { GateInput } from '#shared/points/gate/gate.ts';
import { historyPeriodsMax, type PeriodInflow } from '#shared/points/close/forecast.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import { periodSpan } from '#shared/time/period.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';

/** The sums that a close decides on, in point-fen: behind its slices and before any release. */
export interface Pools {
  /**
   * Both measures count final points whether claimed or not (docs/adr/0008), as of the end of the period: what entered
   * after it is no part of its stock, however late the close comes.
   */
  readonly gate: GateInput;
  /** The part of the stock that waits for a claim. */
  readonly unclaimedPoints: bigint;
  /** What entered after the period and is covered all the same. */
  readonly laterPoints: bigint;
  /**
   * X: unreleased points of all accounts, final points that wait for a claim, what is held for
   * review, and what claims may add for referrers: the concession of all of them is in the fund
   * already, so all must stay covered. Of the moment in which the close is opened, like the fund
   * that it is compared with.
   */
  readonly coveredPoints: bigint;
  /** The part of X that people hold for review, no part of the gate's stock. */
  readonly heldPoints: bigint;
  /** The part of X that is the most that referrers may get when others claim what has no owner yet. */
  readonly claimReferralPoints: bigint;
  /** D: positive dues of active accounts. */
  readonly duePoints: bigint;
  /** What the running lots of all accounts give per close, rounded up. */
  readonly activePoints: PointFen;
  /** Points that entered for the concession alone, without referrals: as much concession became final. */
  readonly concessionPoints: PointFen;
}

interface Closing {
  readonly operatorId: OperatorId;
  readonly period: string;
}

/** The sums of a close as they are kept until it is decided; text, because they may be beyond what a number holds. */
export type PoolSums = Readonly<
  Record<
    | 'outstanding'
    | 'later'
    | 'owned'
    | 'due'
    | 'active'
    | 'unclaimed'
    | 'unclaimed_later'
    | 'inflow'
    | 'concession'
    | 'top_brought'
    | 'top_growth'
    | 'prev_unreleased'
    | 'prev_inflow',
    string
  >
> &
  // Sums that were kept before a close knew of them have neither.
  Partial<Readonly<Record<'held' | 'claim_referral', string>>>;

export function poolsOf(period: string, sums: PoolSums): Pools {
  const { previous, days } = periodSpan(period);
  const [unclaimed, unclaimedLater] = [BigInt(sums.unclaimed), BigInt(sums.unclaimed_later)];
  const unclaimedPoints = unclaimed - unclaimedLater;
  const later = BigInt(sums.later);
  const heldPoints = BigInt(sums.held ?? 0);
  const claimReferralPoints = BigInt(sums.claim_referral ?? 0);
  return {
    gate: {
      outstanding: {
        previous: BigInt(sums.prev_unreleased),
        current: BigInt(sums.outstanding) - later + unclaimedPoints,
        topMerchantGrowth: BigInt(sums.top_brought),
      },
      inflow: {
        previous: BigInt(sums.prev_inflow),
        previousDays: periodSpan(previous).days,
        current: BigInt(sums.inflow),
        currentDays: days,
        topMerchantGrowth: BigInt(sums.top_growth),
      },
    },
    unclaimedPoints,
    laterPoints: later + unclaimedLater,
    coveredPoints: BigInt(sums.owned) + unclaimed + heldPoints + claimReferralPoints,
    heldPoints,
    claimReferralPoints,
    duePoints: BigInt(sums.due),
    activePoints: pointFen(BigInt(sums.active)),
    concessionPoints: pointFen(BigInt(sums.concession)),
  };
}

/**
 * Final points of no account, with their concession in the fund: those that wait for a claim, and
 * those that people hold back.
 */
export const awaitedLots = (operatorId: OperatorId): SQL => sql`
  select state, points, entered_in, member_id from points_lot
   where operator_id = ${operatorId} and state = 'unclaimed'
  union all
  select l.state, l.points, l.entered_in, l.member_id from points_hold h
    join points_lot l on l.operator_id = h.operator_id and l.order_id = h.order_id
                     and l.state = 'pending'
   where h.operator_id = ${operatorId} and h.state = 'held'`;

/** Of {@link awaitedLots}, the most that claims may add for whoever brought the claimants (rule R22). */
export const claimReferral = ({ referralBp }: Pick<PointsConfig, 'referralBp'>): SQL => sql`
  coalesce(sum(points * ${referralBp}::bigint / 10000) filter (where member_id is null), 0)`;

/**
 * Adds up the chunks of a close and those who went ahead, and reads what entered by merchant. Of the stock, all that a
 * shop brought in is growth; of the inflow, what it brought in more than last time, per day.
 */
export async function readPoolSums(tx: Tx, closing: Closing): Promise<PoolSums> {
  const { operatorId, period } = closing;
  const { previous, days } = periodSpan(period);
  const previousDays = periodSpan(previous).days;
  const { rows } = await tx.execute<PoolSums>(sql`
    with accounts as (
      select sum(outstanding_points) as outstanding, sum(later_points) as later,
             sum(owned_points) as owned, sum(due_points) as due,
             ceil(sum(active_num) / ${String(scheduleLcm)}::numeric) as active
        from (select outstanding_points, later_points, owned_points, due_points, active_num
                from close_chunk where ${ofClose(closing)}
              union all
              select outstanding_points, later_points, owned_points, due_points, active_num
                from close_ahead where ${ofClose(closing)}) parts
    ), by_merchant as (
      select merchant_id,
             coalesce(sum(points) filter (where entered_in = ${period}), 0) as now_points,
             coalesce(sum(points) filter (where entered_in = ${period} and kind = 'consumer'), 0)
               as concession,
             coalesce(sum(points) filter (where entered_in = ${previous}), 0) as then_points
        from points_lot
       where operator_id = ${operatorId} and state <> 'pending'
         and entered_in in (${period}, ${previous})
       group by merchant_id
    ), merchants as (
      select coalesce(sum(now_points), 0) as inflow, coalesce(sum(concession), 0) as concession,
             coalesce(max(now_points), 0) as top_brought,
             coalesce(max(greatest(now_points * ${previousDays}::integer
                                   - then_points * ${days}::integer, 0)), 0) as top_growth
        from by_merchant
    ), before as (
      select unreleased_points, inflow_points from period_close
       where operator_id = ${operatorId} and period = ${previous}
    )
    select outstanding::text, later::text, owned::text, due::text, active::text, inflow::text,
           concession::text, top_brought::text, top_growth::text,
           unclaimed_points::text as unclaimed, unclaimed_later::text, held_points::text as held,
           claim_referral_points::text as claim_referral,
           coalesce((select unreleased_points from before), 0)::text as prev_unreleased,
           coalesce((select inflow_points from before), 0)::text as prev_inflow
      from accounts, merchants, period_closing where ${ofClose(closing)}`);
  return rows[0]!;
}

/** Concession that became final in the closed periods up to one of them, oldest first. */
export async function readInflowHistory(
  db: Db | Tx,
  closing: Closing,
): Promise<readonly PeriodInflow[]> {
  // Closes that are older than the figure have the inflow with its referrals, at most a twentieth of it.
  const { rows } = await db.execute<{ period: string; points: number }>(sql`
    select period, coalesce(concession_points, inflow_points * 20 / 21) as points
      from period_close
     where operator_id = ${closing.operatorId} and period <= ${closing.period}
     order by period desc limit ${historyPeriodsMax}`);
  return rows.toReversed().map(({ period, points }) => ({ points, days: periodSpan(period).days }));
}
