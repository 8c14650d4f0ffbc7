import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Statement, Tx } from '#cloud/platform/db.ts';
import { planned } from '#cloud/platform/planned.ts';
import { pointsConfigAt } from '#cloud/points/points-config-store.ts';
import { flagRelatedOrders } from '#cloud/relations/related-orders.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { shareFloor } from '#shared/money/rate.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { merchantPointsOf } from '#shared/points/issue/order-issue.ts';
import { pointsOfConcession } from '#shared/points/point-fen.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { assert } from '#shared/result/assert.ts';

export const issueBatchMax = 5_000;

/**
 * Writes the pending points of paid orders (rules R2-R5, R22), each order once however often it comes: the order,
 * the consumer's lot, and the referrer's lot if a bond holds. An order without a member keeps its lot claimable.
 * Runs inside the booking transaction; the number of statements does not grow with the batch, only with the number
 * of operators in it. Answers how many orders were new.
 */
export async function issuePendingPoints(
  tx: Tx,
  orders: readonly PaidOrder[],
): Promise<{ readonly issued: number }> {
  assert(orders.length <= issueBatchMax, () => `${orders.length} orders in one batch`);
  let issued = 0;
  for (const [operatorId, own] of byOperator(orders)) {
    const period = accountingDate(own[0]!.acceptedAtMs);
    const { config } = await pointsConfigAt(tx, { operatorId, period });
    const fresh = await insertOrders(tx, { operatorId, orders: own, config });
    await flagRelatedOrders(tx, { operatorId, orderIds: fresh });
    await insertReferralLots(tx, { operatorId, orderIds: fresh, config });
    await insertEntries(tx, { operatorId, orderIds: fresh, kind: 'pending' });
    issued += fresh.length;
  }
  return { issued };
}

function byOperator(orders: readonly PaidOrder[]): Map<OperatorId, PaidOrder[]> {
  const groups = new Map<OperatorId, PaidOrder[]>();
  for (const order of orders) {
    const group = groups.get(order.operatorId);
    if (group === undefined) groups.set(order.operatorId, [order]);
    else group.push(order);
  }
  return groups;
}

async function insertOrders(
  tx: Tx,
  batch: {
    readonly operatorId: OperatorId;
    readonly orders: readonly PaidOrder[];
    readonly config: PointsConfig;
  },
): Promise<readonly string[]> {
  const given = batch.orders.map((order) => {
    const concessionFen = shareFloor(order.netFen, order.concessionBp);
    return {
      order_id: order.orderId,
      merchant_id: order.merchantId,
      member_id: order.memberId ?? null,
      accepted_on: accountingDate(order.acceptedAtMs),
      net_fen: order.netFen,
      concession_fen: concessionFen,
      merchant_points: merchantPointsOf(concessionFen, batch.config),
      consumer_points: pointsOfConcession(concessionFen),
    };
  });
  const { rows } = await planned<{ order_id: string }>(tx, ordersInsertion, [
    batch.operatorId,
    JSON.stringify(given),
  ]);
  return rows.map((row) => row.order_id);
}

const ordersInsertion: Statement = {
  name: 'points-orders-insertion',
  text: `
    with given as (
      select distinct on (order_id) * from jsonb_to_recordset($2::jsonb) as g(
        order_id text, merchant_id text, member_id text, accepted_on date, net_fen bigint,
        concession_fen bigint, merchant_points bigint, consumer_points bigint)
      order by order_id
    ), fresh as (
      insert into points_order (operator_id, order_id, merchant_id, member_id, accepted_on,
                                net_fen, concession_fen, merchant_points)
      select $1, order_id, merchant_id, member_id, accepted_on,
             net_fen, concession_fen, merchant_points
        from given
      on conflict do nothing
      returning order_id
    ), lots as (
      insert into points_lot (operator_id, order_id, kind, merchant_id, member_id, points, state)
      select $1, order_id, 'consumer', merchant_id, member_id, consumer_points, 'pending'
        from given join fresh using (order_id)
       where consumer_points > 0
    )
    select order_id from fresh`,
};

/**
 * The referrer's lots of orders that have a member (rule R22): floor(5%) of the consumer's points,
 * one level, inside the window, never between related accounts or at a shop of one's own. The same
 * rule as shared/points/issue/referral.ts, over a set.
 */
export async function insertReferralLots(
  tx: Tx,
  batch: {
    readonly operatorId: OperatorId;
    readonly orderIds: readonly string[];
    readonly config: PointsConfig;
  },
): Promise<void> {
  const { referralBp, referralWindowDays } = batch.config;
  await planned(tx, referralLotsInsertion, [
    batch.operatorId,
    batch.orderIds,
    referralBp,
    referralWindowDays,
  ]);
}

const referralLotsInsertion: Statement = {
  name: 'points-referral-lots-insertion',
  text: `
    insert into points_lot (operator_id, order_id, kind, merchant_id, member_id, points, state,
                            entered_in)
    select l.operator_id, l.order_id, 'referral', l.merchant_id, b.referrer_id,
           l.points * $3::bigint / 10000, 'pending', l.entered_in
      from points_lot l
      join points_order o on o.operator_id = l.operator_id and o.order_id = l.order_id
      join points_referral_bond b on b.operator_id = l.operator_id and b.member_id = l.member_id
     where l.operator_id = $1 and l.kind = 'consumer' and l.order_id = any($2::text[])
       and not b.related and not o.is_related and o.accepted_on >= b.bound_on
       and o.accepted_on < b.bound_on + $4::integer
       and l.points * $3::bigint / 10000 > 0
    on conflict do nothing`,
};

/** One ledger entry per lot that has an owner; the cause is the order and the kind of lot. */
export async function insertEntries(
  tx: Tx,
  batch: {
    readonly operatorId: OperatorId;
    readonly orderIds: readonly string[];
    readonly kind: 'pending' | 'claimed' | 'final';
    /** The day of the movement; without it the day on which the order was accepted. */
    readonly onDay?: string;
  },
): Promise<void> {
  await planned(tx, entriesInsertion, [
    batch.operatorId,
    batch.orderIds,
    batch.kind,
    batch.onDay ?? null,
  ]);
}

const entriesInsertion: Statement = {
  name: 'points-entries-insertion',
  text: `
    insert into points_entry (operator_id, member_id, kind, ref, points, on_day)
    select l.operator_id, l.member_id, $3::text, l.order_id || ':' || l.kind, l.points,
           coalesce($4::date, o.accepted_on)
      from points_lot l
      join points_order o on o.operator_id = l.operator_id and o.order_id = l.order_id
     where l.operator_id = $1 and l.member_id is not null
       and ($3::text <> 'final' or l.state = 'final') and l.order_id = any($2::text[])
    on conflict do nothing`,
};
