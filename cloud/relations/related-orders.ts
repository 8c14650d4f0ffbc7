import { sql } from 'drizzle-orm';
import type { Statement, Tx } from '#cloud/platform/db.ts';
import { planned } from '#cloud/platform/planned.ts';
import {
  memberNode,
  merchantNode,
  pathBetween,
  readRelations,
} from '#cloud/relations/relation-store.ts';
import type { MemberId, MerchantId, OperatorId } from '#shared/ids/ids.ts';

interface OrderRow extends Record<string, unknown> {
  readonly order_id: string;
  readonly merchant_id: MerchantId;
  readonly member_id: MemberId;
}

/**
 * Flags the orders that somebody made at a shop he belongs to (docs/points.md 2.9): such an order
 * pays no referral and no agent and does not count into the bonus score; its own points stay. The
 * way from the member to the shop is kept as the reason. Called when the member of an order becomes
 * known and again when it becomes final: what was learnt in between counts. Answers the ids of
 * orders flagged now. The caller holds the book's lock.
 */
export async function flagRelatedOrders(
  tx: Tx,
  batch: {
    readonly operatorId: OperatorId;
    readonly orderIds: readonly string[];
    /** The day of the finding; without it the day on which the order was accepted. */
    readonly onDay?: string;
  },
): Promise<readonly string[]> {
  const { operatorId, orderIds } = batch;
  if (orderIds.length === 0) return [];
  const { rows } = await planned<OrderRow>(tx, unflaggedOrders, [operatorId, orderIds]);
  if (rows.length === 0) return [];
  const around = [...new Set(rows.map((row) => memberNode(row.member_id)))];
  const graph = await readRelations(tx, { operatorId, around });
  const related = rows.flatMap((row) => {
    const path = pathBetween(graph, memberNode(row.member_id), merchantNode(row.merchant_id));
    return path === undefined ? [] : [{ ...row, path }];
  });
  if (related.length === 0) return [];
  await tx.execute(sql`
    with found as (
      select * from jsonb_to_recordset(${JSON.stringify(related)}::jsonb)
        as f(order_id text, merchant_id text, path text[])
    ), flagged as (
      update points_order o set is_related = true from found f
       where o.operator_id = ${operatorId} and o.order_id = f.order_id
      returning o.order_id, o.merchant_id, o.accepted_on
    )
    insert into order_relation (operator_id, order_id, merchant_id, path, found_on)
    select ${operatorId}, order_id, g.merchant_id, f.path,
           coalesce(${batch.onDay ?? null}::date, g.accepted_on)
      from flagged g join found f using (order_id)
    on conflict do nothing`);
  return related.map((row) => row.order_id);
}

const unflaggedOrders: Statement = {
  name: 'related-orders-unflagged',
  text: `
    select order_id, merchant_id, member_id from points_order
     where operator_id = $1 and member_id is not null and not is_related
       and order_id = any($2::text[])`,
};

/**
 * Refuses the referrers' points of orders that turned out related during the hold: the purchase itself, or the two
 * friends. The points were pending and never counted anywhere.
 */
export async function refuseRelatedReferrals(
  tx: Tx,
  batch: {
    readonly operatorId: OperatorId;
    readonly orderIds: readonly string[];
    readonly onDay: string;
  },
): Promise<void> {
  const { operatorId } = batch;
  await tx.execute(sql`
    with refused as (
      update points_lot l set state = 'refused'
        from points_order o
        left join points_referral_bond b on b.operator_id = o.operator_id and b.member_id = o.member_id
       where l.operator_id = ${operatorId} and l.kind = 'referral' and l.state = 'pending'
         and l.order_id = any(${sql.param(batch.orderIds)}::text[])
         and o.operator_id = l.operator_id and o.order_id = l.order_id
         and (o.is_related or b.related and b.referrer_id = l.member_id)
      returning l.order_id, l.member_id, l.points
    )
    insert into points_entry (operator_id, member_id, kind, ref, points, on_day)
    select ${operatorId}, member_id, 'refused', order_id || ':referral', -points, ${batch.onDay}::date
      from refused where points > 0
    on conflict do nothing`);
}
