import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { insertEntries } from '#cloud/points/issue-points.ts';
import { lockBook, pointsConfigAt } from '#cloud/points/points-config-store.ts';
import { flagRelatedOrders, refuseRelatedReferrals } from '#cloud/relations/related-orders.ts';
import { advanceAhead } from '#cloud/release/accounts/advance-ahead.ts';
import { holdSuspicious, notHeld } from '#cloud/review/points-holds.ts';
import { tiersOfOwners } from '#cloud/tiers/tiers-of-owners.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { lotPeriods } from '#shared/points/issue/n-base.ts';
import { addPeriods, periodOf } from '#shared/time/period.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';

export interface FinalOrders {
  readonly operatorId: OperatorId;
  readonly orderIds: readonly string[];
  /** Accounting date on which the hold was found over, YYYY-MM-DD. */
  readonly asOf: string;
}

/**
 * Makes the points of orders final, each once: the merchant's side becomes promotion credit, lots
 * with an owner begin to run, lots without one become claimable. Orders that meet a rule of
 * velocity (cloud/review) are final too, their points wait for people; orders at a shop of one's
 * own pay no referral. Call it in the transaction that moves the concession down the waterfall, so
 * that no final point stands without its concession in the books. Answers how many orders became
 * final now.
 */
export async function makePointsFinal(
  tx: Tx,
  final: FinalOrders,
): Promise<{ readonly final: number }> {
  if (final.orderIds.length === 0) return { final: 0 };
  const lastClosedPeriod = await lockBook(tx, final.operatorId, 'share');
  await flagRelatedOrders(tx, { ...final, onDay: final.asOf });
  await refuseRelatedReferrals(tx, { ...final, onDay: final.asOf });
  await holdSuspicious(tx, final);
  const { rows } = await tx.execute<{ order_id: string }>(sql`
    update points_order set final_on = ${final.asOf}::date
     where operator_id = ${final.operatorId} and final_on is null
       and order_id = any(${sql.param(final.orderIds)}::text[])
    returning order_id`);
  const done = { ...final, orderIds: rows.map((row) => row.order_id) };
  await creditShops(tx, done);
  await startLots(tx, done, lastClosedPeriod);
  return { final: done.orderIds.length };
}

/** The shops' side of final orders becomes promotion credit, each once; what is held for review waits. */
export async function creditShops(tx: Tx, final: FinalOrders): Promise<void> {
  await tx.execute(sql`
    with earned as (
      insert into promo_entry (operator_id, merchant_id, kind, ref, points, on_day)
      select ${final.operatorId}, merchant_id, 'earned', order_id, merchant_points,
             ${final.asOf}::date
        from points_order o
       where operator_id = ${final.operatorId} and merchant_points > 0
         and order_id = any(${sql.param(final.orderIds)}::text[])
         and ${notHeld(final.operatorId, sql`o.order_id`)}
      on conflict do nothing
      returning merchant_id, points
    )
    insert into promo_credit (operator_id, merchant_id, points)
    select ${final.operatorId}, merchant_id, sum(points) from earned
     group by merchant_id order by merchant_id
    on conflict (operator_id, merchant_id)
    do update set points = promo_credit.points + excluded.points`);
}

/**
 * Starts the pending lots of final orders: owned lots run from the first period that is still open, for a number of
 * periods that the last close and the owner's tier give (rule R24); lots without an owner wait for a claim. Either way
 * their points enter the pools now, once: a claim later on is no growth (docs/adr/0008). What is held for review stays
 * pending. The caller holds the book's lock.
 */
export async function startLots(
  tx: Tx,
  final: FinalOrders,
  lastClosedPeriod: string | undefined,
): Promise<void> {
  const { operatorId } = final;
  const orderIds = await withoutHeld(tx, final);
  if (orderIds.length === 0) return;
  const { config } = await pointsConfigAt(tx, { operatorId, period: final.asOf });
  const issuedIn = openPeriod(periodOf(final.asOf, config.periodKind), lastClosedPeriod);
  await tx.execute(sql`
    update points_lot set state = 'unclaimed', final_on = ${final.asOf}::date, entered_in = ${issuedIn}
     where operator_id = ${operatorId} and state = 'pending' and member_id is null
       and order_id = any(${sql.param(orderIds)}::text[])`);
  const base = await latestBase(tx, operatorId, config);
  const owners = await tiersOfOwners(tx, { operatorId, orderIds, asOf: final.asOf, config });
  const terms = owners.map(({ memberId, tier }) => {
    const n = lotPeriods(base, tier, config);
    return { member_id: memberId, n, ends_in: addPeriods(issuedIn, n - 1) };
  });
  await advanceAhead(tx, { operatorId, memberIds: terms.map((term) => term.member_id) });
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
function openPeriod(period: string, lastClosedPeriod: string | undefined): string {
  if (lastClosedPeriod === undefined || period > lastClosedPeriod) return period;
  return addPeriods(lastClosedPeriod, 1);
}

async function latestBase(tx: Tx, operatorId: OperatorId, config: PointsConfig): Promise<number> {
  const { rows } = await tx.execute<{ n_base: number }>(sql`
    select n_base from period_close where operator_id = ${operatorId}
     order by period desc limit 1`);
  return rows[0]?.n_base ?? config.nMax;
}

async function withoutHeld(tx: Tx, final: FinalOrders): Promise<readonly string[]> {
  if (final.orderIds.length === 0) return [];
  const { rows } = await tx.execute<{ order_id: string }>(sql`
    select o.order_id from unnest(${sql.param(final.orderIds)}::text[]) as o(order_id)
     where ${notHeld(final.operatorId, sql`o.order_id`)}`);
  return rows.map((row) => row.order_id);
}
