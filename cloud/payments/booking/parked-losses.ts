import { sql } from 'drizzle-orm';
import type { OperatorId, OrderId } from '#shared/ids/ids.ts';
import { bookLoss } from '#cloud/payments/offline/loss.ts';
import { lockSettlement, saveParked } from '#cloud/payments/offline/store.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { isTransient } from '#cloud/platform/database-error.ts';

/** Losses tried in one step. */
export const lossesMax = 100;

interface LossKey {
  readonly operatorId: OperatorId;
  readonly orderId: OrderId;
}

/**
 * Books every covered loss that the books refused, as soon as they take it. Each step tries those
 * whose last try is the longest ago, so that however many the books refuse for good, every other
 * one has its turn. Returns how many it booked.
 */
export async function rebookLossesOnce(
  deps: Pick<PaymentDeps, 'db' | 'clock' | 'logger'>,
): Promise<number> {
  const { rows } = await deps.db.execute<{ operator_id: OperatorId; order_id: OrderId }>(sql`
    select operator_id, order_id from offline_settlement
     where parked_reason is not null and covered_fen > 0
     order by coalesce(next_at_ms, 0), accepted_at_ms, order_id limit ${lossesMax}`);
  let booked = 0;
  for (const { operator_id: operatorId, order_id: orderId } of rows) {
    const key = { operatorId, orderId };
    try {
      if (await rebook(deps, key)) booked += 1;
    } catch (error) {
      if (isTransient(error)) throw error;
      deps.logger.error({ err: error, orderId }, 'a covered loss is still parked');
      const reason = error instanceof Error ? error.message : String(error);
      await deps.db.transaction((tx) => saveParked(tx, key, reason, deps.clock.nowMs()));
    }
  }
  return booked;
}

const rebook = ({ db, clock }: Pick<PaymentDeps, 'db' | 'clock'>, key: LossKey): Promise<boolean> =>
  db.transaction(async (tx) => {
    const sale = await lockSettlement(tx, key);
    if (sale?.bearer === undefined || sale.parkedReason === undefined) return false;
    const loss = { bearer: sale.bearer, coveredFen: sale.coveredFen };
    const nowMs = clock.nowMs();
    const posted = await bookLoss(tx, { sale, loss, nowMs });
    await saveParked(tx, sale, posted.ok ? undefined : posted.error, nowMs);
    // It stands in the statement of the day on which it was paid.
    if (posted.ok)
      await tx.execute(sql`
        update offline_settlement set settled_at_ms = ${nowMs}
         where operator_id = ${key.operatorId} and order_id = ${key.orderId}`);
    return posted.ok;
  });
