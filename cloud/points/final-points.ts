import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { insertEntries } from '#cloud/points/issue-points.ts';
import { lockBook, pointsConfigAt } from '#cloud/points/points-config-store.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { lotPeriods } from '#shared/points/n-base.ts';
import { addMonths } from '#shared/time/period.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { scheduleLcm } from '#shared/points/schedule.ts';
import { tierOf, tierScore } from '#shared/points/tiers.ts';

/** Consumption of this many days counts for the tier (rule R23: 12 months). */
const tierWindowDays = 365;

export interface FinalOrders {
  readonly operatorId: OperatorId;
  readonly orderIds: readonly string[];
  /** Accounting date on which the hold was found over, YYYY-MM-DD. */
  readonly asOf: string;
}

/**
 * Makes the points of orders final, each once: the merchant's side becomes promotion credit, lots with an owner begin
 * to run, lots without one become claimable. Call it in the transaction that moves the concession down the waterfall,
 * so that no final point stands without its concession in the books. Answers how many orders became final now.
 */
export async function makePointsFinal(
  tx: Tx,
  final: FinalOrders,
): Promise<{ readonly final: number }> {
  if (final.orderIds.length === 0) return { final: 0 };
  const lastClosedPeriod = await lockBook(tx, final.operatorId, 'share');
  const { rows } = await tx.execute<{ order_id: string }>(sql`
    with done as (
      update points_order set final_on = ${final.asOf}::date
       where operator_id = ${final.operatorId} and final_on is null
         and order_id = any(${sql.param(final.orderIds)}::text[])
      returning order_id, merchant_id, merchant_points
    ), earned as (
      insert into promo_entry (operator_id, merchant_id, kind, ref, points, on_day)
      select ${final.operatorId}, merchant_id, 'earned', order_id, merchant_points,
             ${final.asOf}::date
        from done where merchant_points > 0
      returning merchant_id, points
    ), credit as (
      insert into promo_credit (operator_id, merchant_id, points)
      select ${final.operatorId}, merchant_id, sum(points) from earned
       group by merchant_id order by merchant_id
      on conflict (operator_id, merchant_id)
      do update set points = promo_credit.points + excluded.points
    )
    select order_id from done`);
  const orderIds = rows.map((row) => row.order_id);
  await startLots(tx, { ...final, orderIds }, lastClosedPeriod);
  return { final: orderIds.length };
}

/**
 * Starts the pending lots of final orders: owned lots run from the first period that is still open, for a number of
 * periods that the last close and the owner's tier give (rule R24); lots without an owner wait for a claim. Either way
 * their points enter the pools now, once: a claim later on is no growth (docs/adr/0008).
 * The caller holds the book's lock.
 */
export async function startLots(
  tx: Tx,
  final: FinalOrders,
  lastClosedPeriod: string | undefined,
): Promise<void> {
  if (final.orderIds.length === 0) return;
  const { operatorId, orderIds } = final;
  const issuedIn = openPeriod(final.asOf, lastClosedPeriod);
  await tx.execute(sql`
    update points_lot set state = 'unclaimed', final_on = ${final.asOf}::date, entered_in = ${issuedIn}
     where operator_id = ${operatorId} and state = 'pending' and member_id is null
       and order_id = any(${sql.param(orderIds)}::text[])`);
  const { config } = await pointsConfigAt(tx, { operatorId, period: issuedIn });
  const base = await latestBase(tx, operatorId, config);
  const owners = await ownersOf(tx, final, config);
  const terms = owners.map(({ memberId, tier }) => {
    const n = lotPeriods(base, tier, config);
    return { member_id: memberId, n, ends_in: addMonths(issuedIn, n - 1) };
  });
  await tx.execute(sql`
    with terms as (
      select * from jsonb_to_recordset(${JSON.stringify(terms)}::jsonb)
        as t(member_id text, n integer, ends_in text)
    ), started as (
      update points_lot l
         set state = 'final', final_on = ${final.asOf}::date, issued_in = ${issuedIn},
             entered_in = coalesce(l.entered_in, ${issuedIn}), n = t.n, ends_in = t.ends_in
        from terms t
       where l.operator_id = ${operatorId} and l.state = 'pending' and l.member_id = t.member_id
         and l.order_id = any(${sql.param(orderIds)}::text[])
      returning l.member_id, l.points, l.n
    )
    insert into account_points as a (operator_id, member_id, issued, active_num)
    select ${operatorId}, member_id, sum(points),
           sum(points::numeric * (${String(scheduleLcm)}::integer / n))
      from started group by member_id order by member_id
    on conflict (operator_id, member_id)
    do update set issued = a.issued + excluded.issued,
                  active_num = a.active_num + excluded.active_num`);
  await insertEntries(tx, { operatorId, orderIds, kind: 'final', onDay: final.asOf });
}

/** A closed period never reopens: what comes late belongs to the next one. */
function openPeriod(asOf: string, lastClosedPeriod: string | undefined): string {
  const period = asOf.slice(0, 7);
  if (lastClosedPeriod === undefined || period > lastClosedPeriod) return period;
  return addMonths(lastClosedPeriod, 1);
}

async function latestBase(tx: Tx, operatorId: OperatorId, config: PointsConfig): Promise<number> {
  const { rows } = await tx.execute<{ n_base: number }>(sql`
    select n_base from period_close where operator_id = ${operatorId}
     order by period desc limit 1`);
  return rows[0]?.n_base ?? config.nMax;
}

/**
 * The owners of the orders' pending lots with their tiers: own consumption and that of direct friends (rule R23). Sums
 * per owner by index, never joins of sums: without statistics those ran in the cube of the owners.
 */
async function ownersOf(
  tx: Tx,
  final: FinalOrders,
  config: PointsConfig,
): Promise<readonly { readonly memberId: MemberId; readonly tier: number }[]> {
  const { operatorId, asOf } = final;
  // An age, not a range of dates: the index by day must not look as good as the one by member.
  const inWindow = sql`${asOf}::date - o.accepted_on between 0 and ${tierWindowDays - 1}::integer`;
  const { rows } = await tx.execute<{ member_id: MemberId; own: number; referred: number }>(sql`
    with owners as materialized (
      select distinct member_id from points_lot
       where operator_id = ${operatorId} and state = 'pending' and member_id is not null
         and order_id = any(${sql.param(final.orderIds)}::text[])
    )
    select member_id,
           (select coalesce(sum(o.net_fen - o.refunded_fen), 0) from points_order o
             where o.operator_id = ${operatorId} and o.member_id = owners.member_id
               and ${inWindow}) as own,
           (select coalesce(sum(o.net_fen - o.refunded_fen), 0) from points_referral_bond b
              join points_order o on o.operator_id = b.operator_id and o.member_id = b.member_id
             where b.operator_id = ${operatorId} and b.referrer_id = owners.member_id
               and not b.related and ${inWindow}) as referred
      from owners order by member_id`);
  return rows.map((row) => {
    const score = tierScore({ ownFen: fen(row.own), referredFen: fen(row.referred) }, config);
    return { memberId: row.member_id, tier: tierOf(score, config) };
  });
}
