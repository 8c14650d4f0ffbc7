import { sql } from 'drizzle-orm';
import type { MerchantId, TerminalId } from '#shared/ids/ids.ts';
import type { AttemptKey } from '#cloud/payments/attempt.ts';
import type { Tx } from '#cloud/platform/db.ts';

export interface SealedKey extends AttemptKey {
  readonly merchantId: MerchantId;
  readonly terminalId: TerminalId;
}

/** One decision about an order's attempts at a time, also about those that do not exist yet. Until the end of `tx`. */
export async function lockOrderNumber(
  tx: Tx,
  key: Pick<AttemptKey, 'operatorId' | 'orderId'>,
): Promise<void> {
  await tx.execute(sql`
    select pg_advisory_xact_lock(hashtextextended(${`charge ${key.operatorId}${key.orderId}`}, 0))`);
}

/** Closes the number of a charge that was cancelled before it came. Call after {@link lockOrderNumber}. */
export async function sealAttempt(tx: Tx, key: SealedKey, nowMs: number): Promise<void> {
  await tx.execute(sql`
    insert into sealed_attempt (operator_id, order_id, attempt, merchant_id, terminal_id, sealed_at_ms)
    values (${key.operatorId}, ${key.orderId}, ${key.attempt}, ${key.merchantId},
      ${key.terminalId}, ${nowMs})
    on conflict do nothing`);
}

/**
 * May this number not be charged any more? It was cancelled before it came, a later attempt of the order was made
 * since, or the till's journal says that it gave the number up: a request on its way for so long is a stray.
 */
export async function isNumberClosed(tx: Tx, key: SealedKey): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    select 1 from sealed_attempt where operator_id = ${key.operatorId}
       and order_id = ${key.orderId} and attempt = ${key.attempt}
       and terminal_id = ${key.terminalId}
    union all
    select 1 from payment_attempt where operator_id = ${key.operatorId}
       and order_id = ${key.orderId} and attempt > ${key.attempt}
    union all
    select 1 from customer_order where operator_id = ${key.operatorId}
       and merchant_id = ${key.merchantId} and order_id = ${key.orderId}
       and state in ('failed', 'reversed') and (folded ->> 'attempt')::integer >= ${key.attempt}
    limit 1`);
  return rows.length > 0;
}
