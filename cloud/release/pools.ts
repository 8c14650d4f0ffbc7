import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import type { GateInput } from '#shared/points/gate.ts';
import { historyPeriodsMax, type PeriodInflow } from '#shared/points/forecast.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import { periodSpan } from '#shared/time/period.ts';
import { scheduleLcm } from '#shared/points/schedule.ts';

/** The sums that a close decides on, in point-fen; read after the schedules advanced and before any release. */
export interface Pools {
  /** Both measures count final points whether claimed or not (docs/adr/0008). */
  readonly gate: GateInput;
  /** The part of the stock that waits for a claim. */
  readonly unclaimedPoints: bigint;
  /** X: unreleased points of all accounts, and final points that wait for a claim: both must stay covered. */
  readonly coveredPoints: bigint;
  /** D: positive dues of active accounts. */
  readonly duePoints: bigint;
  /** What the running lots of all accounts give per close, rounded up. */
  readonly activePoints: PointFen;
  /** Points that entered for the concession alone, without referrals: as much concession became final. */
  readonly concessionPoints: PointFen;
}

interface PoolRow extends Record<string, unknown> {
  readonly outstanding: string;
  readonly owned: string;
  readonly unclaimed: string;
  readonly due: string;
  readonly active: string;
  readonly inflow: string;
  readonly concession: string;
  readonly top_brought: string;
  readonly top_growth: string;
  readonly prev_unreleased: string;
  readonly prev_inflow: string;
}

interface Closing {
  readonly operatorId: OperatorId;
  readonly period: string;
}

export async function readPools(tx: Tx, closing: Closing): Promise<Pools> {
  const { previous, days } = periodSpan(closing.period);
  const previousDays = periodSpan(previous).days;
  const row = await readSums(tx, { ...closing, previous, days, previousDays });
  const unclaimedPoints = BigInt(row.unclaimed);
  return {
    gate: {
      outstanding: {
        previous: BigInt(row.prev_unreleased),
        current: BigInt(row.outstanding) + unclaimedPoints,
        topMerchantGrowth: BigInt(row.top_brought),
      },
      inflow: {
        previous: BigInt(row.prev_inflow),
        previousDays,
        current: BigInt(row.inflow),
        currentDays: days,
        topMerchantGrowth: BigInt(row.top_growth),
      },
    },
    unclaimedPoints,
    coveredPoints: BigInt(row.owned) + unclaimedPoints,
    duePoints: BigInt(row.due),
    activePoints: pointFen(BigInt(row.active)),
    concessionPoints: pointFen(BigInt(row.concession)),
  };
}

/** Of the stock, all that a shop brought in is growth; of the inflow, what it brought in more than last time, per day. */
async function readSums(
  tx: Tx,
  closing: Closing & {
    readonly previous: string;
    readonly days: number;
    readonly previousDays: number;
  },
): Promise<PoolRow> {
  const { operatorId, period, previous } = closing;
  const { rows } = await tx.execute<PoolRow>(sql`
    with accounts as (
      select coalesce(sum(issued - released) filter (where state = 'active'), 0) as outstanding,
             coalesce(sum(greatest(issued - released, 0)), 0) as owned,
             coalesce(sum(greatest(div(cum_num, ${String(scheduleLcm)}::numeric) - released, 0))
                      filter (where state = 'active'), 0) as due,
             ceil(coalesce(sum(active_num), 0) / ${String(scheduleLcm)}::numeric) as active
        from account_points where operator_id = ${operatorId}
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
             coalesce(max(greatest(now_points * ${closing.previousDays}::integer
                                   - then_points * ${closing.days}::integer, 0)), 0) as top_growth
        from by_merchant
    ), before as (
      select unreleased_points, inflow_points from period_close
       where operator_id = ${operatorId} and period = ${previous}
    )
    select outstanding::text, owned::text, due::text, active::text, inflow::text, concession::text,
           top_brought::text, top_growth::text,
           (select coalesce(sum(points), 0)::text from points_lot
             where operator_id = ${operatorId} and state = 'unclaimed') as unclaimed,
           coalesce((select unreleased_points from before), 0)::text as prev_unreleased,
           coalesce((select inflow_points from before), 0)::text as prev_inflow
      from accounts, merchants`);
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
