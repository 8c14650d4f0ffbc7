import { sql } from 'drizzle-orm';
import type { OperatorId, OrderId } from '#shared/ids/ids.ts';
import { bookLoss } from '#cloud/payments/offline-loss.ts';
import { lockSettlement, saveParked } from '#cloud/payments/offline-store.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';

/** Losses tried in one step. */
const lossesMax = 100;

/** Books every covered loss that the books refused, as soon as they take it. Returns how many. */
export async function rebookLossesOnce(deps: Pick<PaymentDeps, 'db' | 'clock'>): Promise<number> {
  const { rows } = await deps.db.execute<{ operator_id: OperatorId; order_id: OrderId }>(sql`
    select operator_id, order_id from offline_settlement
     where parked_reason is not null and covered_fen > 0
     order by accepted_at_ms, order_id limit ${lossesMax}`);
  let booked = 0;
  for (const { operator_id: operatorId, order_id: orderId } of rows) {
    const isBooked = await deps.db.transaction(async (tx) => {
      const sale = await lockSettlement(tx, { operatorId, orderId });
      if (sale?.bearer === undefined || sale.parkedReason === undefined) return false;
      const loss = { bearer: sale.bearer, coveredFen: sale.coveredFen };
      const nowMs = deps.clock.nowMs();
      const posted = await bookLoss(tx, { sale, loss, nowMs });
      await saveParked(tx, sale, posted.ok ? undefined : posted.error);
      // It stands in the statement of the day on which it was paid.
      if (posted.ok)
        await tx.execute(sql`
          update offline_settlement set settled_at_ms = ${nowMs}
           where operator_id = ${operatorId} and order_id = ${orderId}`);
      return posted.ok;
    });
    if (isBooked) booked += 1;
  }
  return booked;
}
