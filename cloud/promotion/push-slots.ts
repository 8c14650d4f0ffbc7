import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { addUsed, lockOrder } from '#cloud/promotion/promo-orders.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

/** Messages that one transaction writes; the caller repeats it. */
export const pushBatchMax = 500;

/**
 * Delivers a part of a push slot: one message to each member who said that he wants to hear of
 * shops, at most one of any shop a day and never one of this slot twice, in turn, so that no member
 * hears everything and another nothing. What could not be delivered today is tried tomorrow.
 * Answers how many were written.
 */
export async function deliverPushes(
  tx: Tx,
  push: { readonly operatorId: OperatorId; readonly promoOrderId: string; readonly nowMs: number },
): Promise<number> {
  const { operatorId, promoOrderId, nowMs } = push;
  const today = accountingDate(nowMs);
  const order = await lockOrder(tx, push);
  if (order?.state !== 'running' || order.endsOn < today) return 0;
  const wanted = Math.min(pushBatchMax, order.quantity - order.used);
  if (wanted === 0) return 0;
  const members = await nextMembers(tx, { operatorId, promoOrderId, today, wanted });
  if (members.length === 0) return 0;
  const { rowCount } = await tx.execute(sql`
    insert into member_message (operator_id, member_id, kind, ref, on_day, at_ms, shop_name, shop_text)
    select ${operatorId}, m.member_id, 'shop', ${promoOrderId}, ${today}::date, ${nowMs},
           (select name from merchant
             where operator_id = ${operatorId} and merchant_id = ${order.merchantId}),
           ${order.details.text}
      from unnest(${sql.param(members)}::text[]) as m(member_id)
    on conflict do nothing`);
  const count = rowCount ?? 0;
  await addUsed(tx, { operatorId, promoOrderId, count });
  await tx.execute(sql`
    update promo_push_cursor set after_member = ${members.at(-1)!} where operator_id = ${operatorId}`);
  return count;
}

/** Those whose turn it is: after the one who was last, and round. */
async function nextMembers(
  tx: Tx,
  query: {
    readonly operatorId: OperatorId;
    readonly promoOrderId: string;
    readonly today: string;
    readonly wanted: number;
  },
): Promise<MemberId[]> {
  const { operatorId, wanted } = query;
  await tx.execute(sql`
    insert into promo_push_cursor (operator_id, after_member) values (${operatorId}, '')
    on conflict do nothing`);
  const { rows: cursor } = await tx.execute<{ after: string }>(sql`
    select after_member as after from promo_push_cursor
     where operator_id = ${operatorId} for update`);
  const after = cursor[0]!.after;
  const free = sql`m.operator_id = ${operatorId} and m.hears_shops and not exists (
    select from member_message x where x.operator_id = ${operatorId} and x.member_id = m.member_id
       and x.kind = 'shop' and (x.on_day = ${query.today}::date or x.ref = ${query.promoOrderId}))`;
  const { rows } = await tx.execute<{ member_id: MemberId }>(sql`
    (select 0 as turn, member_id from member m where ${free} and member_id > ${after}
      order by member_id limit ${wanted})
    union all
    (select 1 as turn, member_id from member m where ${free} and member_id <= ${after}
      order by member_id limit ${wanted})
    order by turn, member_id limit ${wanted}`);
  return rows.map((row) => row.member_id);
}
