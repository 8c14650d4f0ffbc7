import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { monthNumber } from '#cloud/release/allocation/collect-wants.ts';
import type { ReleaseDay } from '#cloud/release/accounts/run-chunks.ts';
import { readClose } from '#cloud/release/close/stored-closes.ts';
import { fundFreeFen } from '#cloud/release/close/fund-balance.ts';
import { awaitedLots, claimReferral } from '#cloud/release/close/pools.ts';
import { readRun } from '#cloud/release/release-day.ts';
import type { MemberId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { shareFloor } from '#shared/money/rate.ts';
import type { AdjustmentState } from '#shared/points/release/adjustment.ts';
import { monthlyCap } from '#shared/points/release/monthly-cap.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';

export interface AdjustedRun extends ReleaseDay {
  readonly memberId: MemberId;
  /** Accounting day on which it is posted. */
  readonly today: string;
}

/**
 * What an adjustment is judged by; undefined when there is no such run or no such account. The caller has locked the
 * book; the account and its vouchers are locked here.
 */
export async function readAdjustmentState(
  tx: Tx,
  adjusted: AdjustedRun,
  config: PointsConfig,
): Promise<AdjustmentState | undefined> {
  const { operatorId, period } = adjusted;
  const close = await readClose(tx, { operatorId, period });
  const run = await readRun(tx, adjusted);
  const member = await readMember(tx, adjusted, config);
  if (close === undefined || run === undefined || member === undefined) return undefined;
  const given = await readGiven(tx, adjusted, config);
  const consumptionFen = fen(Number(run.snapshot['consumptionFen']));
  return {
    fundFen: await fundFreeFen(tx, operatorId),
    unreleasedPoints: pointFen(BigInt(given.unreleased)),
    ...(await readPromised(tx, adjusted)),
    gateOpen: close.gateOpen,
    multBp: close.multBp,
    budgetLeftFen: fen(close.budgetFen - given.ofPeriod),
    dayLeftFen: fen(shareFloor(consumptionFen, config.dailyReleaseBp) - given.ofDay),
    member,
  };
}

/** What runs and adjustments of the period and of the day gave; and X. */
async function readGiven(
  tx: Tx,
  { operatorId, period, day }: ReleaseDay,
  config: PointsConfig,
): Promise<{ readonly ofPeriod: number; readonly ofDay: number; readonly unreleased: string }> {
  const { rows } = await tx.execute<{ ofPeriod: number; ofDay: number; unreleased: string }>(sql`
    with given as (
      select day, released_fen as fen from release_run
       where operator_id = ${operatorId} and period = ${period} and state = 'posted'
      union all
      select day, value_fen from release_adjustment
       where operator_id = ${operatorId} and period = ${period} and state = 'posted'
         and kind = 'give'
    )
    select (select coalesce(sum(fen), 0)::bigint from given) as "ofPeriod",
           (select coalesce(sum(fen), 0)::bigint from given where day = ${day}::date) as "ofDay",
           ((select coalesce(sum(greatest(issued - released, 0)), 0) from account_points
              where operator_id = ${operatorId})
            + (select coalesce(sum(points), 0) + ${claimReferral(config)}
                 from (${awaitedLots(operatorId)}) awaited))::text as unreleased`);
  return rows[0]!;
}

/** A newer close fixed what its window gives, on the fund and the points before this correction. */
async function readPromised(
  tx: Tx,
  { operatorId, period }: ReleaseDay,
): Promise<Pick<AdjustmentState, 'promisedFen' | 'promisedPoints'>> {
  const { rows } = await tx.execute<{ fen: number; points: number }>(sql`
    select fen, div(fen::numeric * 10000, mult_bp)::bigint as points from (
      select c.mult_bp, greatest(0, c.budget_fen
             - (select coalesce(sum(released_fen), 0) from release_run r
                 where r.operator_id = c.operator_id and r.period = c.period and r.state = 'posted')
             - (select coalesce(sum(value_fen), 0) from release_adjustment a
                 where a.operator_id = c.operator_id and a.period = c.period
                   and a.state = 'posted' and a.kind = 'give'))::bigint as fen
        from period_close c
       where c.operator_id = ${operatorId} and c.period > ${period}
       order by c.period desc limit 1) newest`);
  const { fen: promised, points } = rows[0] ?? { fen: 0, points: 0 };
  return { promisedFen: fen(promised), promisedPoints: pointFen(points) };
}

async function readMember(
  tx: Tx,
  adjusted: AdjustedRun,
  config: PointsConfig,
): Promise<AdjustmentState['member'] | undefined> {
  const { operatorId, memberId, today } = adjusted;
  const month = monthNumber(today);
  const { rows } = await tx.execute<{
    state: string;
    due: number;
    released: number;
    given: number;
    consumed: number;
  }>(sql`
    select state, released, (div(cum_num, ${String(scheduleLcm)}::numeric) - released)::bigint as due,
           case when given_month = ${month}::integer then given_fen else 0 end as given,
           (select coalesce(sum(net_fen - refunded_fen), 0)::bigint from points_order o
             where o.operator_id = ${operatorId} and o.member_id = ${memberId}
               and o.accepted_on between ${`${today.slice(0, 7)}-01`}::date and ${today}::date)
             as consumed
      from account_points where operator_id = ${operatorId} and member_id = ${memberId} for update`);
  const row = rows[0];
  if (row === undefined) return undefined;
  const { rows: unspent } = await tx.execute<{ fen: number }>(sql`
    select coalesce(sum(left_fen), 0)::bigint as fen from (
      select left_fen from voucher
       where operator_id = ${operatorId} and member_id = ${memberId} and left_fen > 0
         and expires_on >= ${today}::date order by voucher_id for update) mine`);
  return {
    isActive: row.state === 'active',
    duePoints: pointFen(row.due),
    releasedPoints: pointFen(row.released),
    monthLeftFen: monthlyCap(
      { consumedFen: fen(row.consumed), releasedFen: fen(row.given) },
      config,
    ),
    unspentFen: fen(unspent[0]!.fen),
  };
}
