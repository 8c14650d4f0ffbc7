import { sql } from 'drizzle-orm';
import { takeBackCommissions } from '#cloud/commissions/take-back-commissions.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { creditShops, startLots } from '#cloud/points/final-points.ts';
import { lockBook } from '#cloud/points/points-config-store.ts';
import { flagRelatedOrders, refuseRelatedReferrals } from '#cloud/relations/related-orders.ts';
import type { OperatorId, OrderId } from '#shared/ids/ids.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

/**
 * Somebody looked at held points and let them go, or refused them, with name and reason. Released
 * points begin to run in the period of today, without a referral between those who belong together
 * by now; refused ones never come to be, a claim of the receipt finds them lapsed, and what agents
 * earned on the sale is taken back. Once for every order: false when nothing is held (any more).
 */
export async function decideHold(
  tx: Tx,
  decision: {
    readonly operatorId: OperatorId;
    readonly orderId: OrderId;
    readonly verdict: 'released' | 'refused';
    readonly by: string;
    readonly note: string;
    readonly nowMs: number;
  },
): Promise<boolean> {
  const { operatorId, orderId, verdict } = decision;
  const lastClosedPeriod = await lockBook(tx, operatorId, 'share');
  await tx.execute(sql`
    select 1 from points_order where operator_id = ${operatorId} and order_id = ${orderId} for update`);
  const decided = await tx.execute(sql`
    update points_hold set state = ${verdict}, decided_by = ${decision.by},
           decided_note = ${decision.note}, decided_at_ms = ${decision.nowMs}
     where operator_id = ${operatorId} and order_id = ${orderId} and state = 'held'`);
  if (decided.rowCount !== 1) return false;
  const final = { operatorId, orderIds: [orderId], asOf: accountingDate(decision.nowMs) };
  if (verdict === 'released') {
    // What was learnt while the points were held counts, as it does during the refund hold.
    await flagRelatedOrders(tx, { ...final, onDay: final.asOf });
    await refuseRelatedReferrals(tx, { ...final, onDay: final.asOf });
    await creditShops(tx, final);
    await startLots(tx, final, lastClosedPeriod);
    return true;
  }
  // Of a receipt that was claimed after its sale was final, the claim alone is refused: the sale
  // stands, and its agents' pay.
  const whole = await tx.execute(sql`
    select from points_lot where operator_id = ${operatorId} and order_id = ${orderId}
       and kind = 'consumer' and entered_in is null`);
  if (whole.rows.length > 0)
    await takeBackCommissions(tx, { operatorId, orderId, nowMs: decision.nowMs });
  await tx.execute(sql`
    with refused as (
      update points_lot set state = 'refused'
       where operator_id = ${operatorId} and order_id = ${orderId} and state = 'pending'
      returning order_id, kind, member_id, points
    )
    insert into points_entry (operator_id, member_id, kind, ref, points, on_day)
    select ${operatorId}, member_id, 'refused', order_id || ':' || kind, -points, ${final.asOf}::date
      from refused where member_id is not null and points > 0
    on conflict do nothing`);
  return true;
}
