import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import type { GateInput } from '#shared/points/gate.ts';
import { monthPeriod } from '#shared/time/period.ts';
import type { GateMeasure } from '#shared/points/points-config.ts';
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
}

interface PoolRow extends Record<string, unknown> {
  readonly outstanding: string;
  readonly owned: string;
  readonly unclaimed: string;
  readonly due: string;
  readonly inflow: string;
  readonly top_growth: string;
  readonly prev_unreleased: string;
  readonly prev_inflow: string;
}

export async function readPools(
  tx: Tx,
  closing: {
    readonly operatorId: OperatorId;
    readonly period: string;
    readonly measure: GateMeasure;
  },
): Promise<Pools> {
  const { operatorId, period, measure } = closing;
  const { previous, days } = monthPeriod(period);
  // Of the stock, all that a shop brought in is growth; of the inflow, what it brought in more than last time.
  const comparesInflow = measure === 'period_inflow';
  const { rows } = await tx.execute<PoolRow>(sql`
    with accounts as (
      select coalesce(sum(issued - released) filter (where state = 'active'), 0) as outstanding,
             coalesce(sum(greatest(issued - released, 0)), 0) as owned,
             coalesce(sum(greatest(div(cum_num, ${String(scheduleLcm)}::numeric) - released, 0))
                      filter (where state = 'active'), 0) as due
        from account_points where operator_id = ${operatorId}
    ), by_merchant as (
      select merchant_id,
             coalesce(sum(points) filter (where entered_in = ${period}), 0) as now_points,
             coalesce(sum(points) filter (where entered_in = ${previous}), 0) as then_points
        from points_lot
       where operator_id = ${operatorId} and state <> 'pending'
         and entered_in in (${period}, ${previous})
       group by merchant_id
    )
    select outstanding::text, owned::text, due::text,
           (select coalesce(sum(points), 0)::text from points_lot
             where operator_id = ${operatorId} and state = 'unclaimed') as unclaimed,
           (select coalesce(sum(now_points), 0)::text from by_merchant) as inflow,
           (select coalesce(max(greatest(now_points - case when ${comparesInflow}::boolean
                                          then then_points else 0 end, 0)), 0)::text
              from by_merchant) as top_growth,
           coalesce((select unreleased_points::text from period_close
                      where operator_id = ${operatorId} and period = ${previous}), '0')
             as prev_unreleased,
           coalesce((select inflow_points::text from period_close
                      where operator_id = ${operatorId} and period = ${previous}), '0') as prev_inflow
      from accounts`);
  const row = rows[0]!;
  const unclaimedPoints = BigInt(row.unclaimed);
  return {
    gate: {
      outstanding: {
        previous: BigInt(row.prev_unreleased),
        current: BigInt(row.outstanding) + unclaimedPoints,
      },
      inflow: {
        previous: BigInt(row.prev_inflow),
        previousDays: monthPeriod(previous).days,
        current: BigInt(row.inflow),
        currentDays: days,
      },
      topMerchantGrowth: BigInt(row.top_growth),
    },
    unclaimedPoints,
    coveredPoints: BigInt(row.owned) + unclaimedPoints,
    duePoints: BigInt(row.due),
  };
}
