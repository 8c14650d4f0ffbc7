import { sql } from 'drizzle-orm';
import type { MerchantId, TerminalId } from '#shared/ids/ids.ts';
import type { AttemptKey } from '#cloud/payments/attempt.ts';
import { filled, type Statement, type Tx } from '#cloud/platform/db.ts';

export interface SealedKey extends AttemptKey {
  readonly merchantId: MerchantId;
  readonly terminalId: TerminalId;
}

/** One decision about an order's attempts at a time, also about those that do not exist yet. */
export const orderNumberLock: Statement = {
  name: 'order-number-lock',
  text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))',
};

export const orderNumberName = (key: Pick<AttemptKey, 'operatorId' | 'orderId'>): string =>
  `charge ${key.operatorId}${key.orderId}`;

/** Takes {@link orderNumberLock} until the end of `tx`. */
export async function lockOrderNumber(
  tx: Tx,
  key: Pick<AttemptKey, 'operatorId' | 'orderId'>,
): Promise<void> {
  await tx.execute(filled(orderNumberLock, [orderNumberName(key)]));
}

/**
 * Closes the number of a charge that was cancelled before it came. Call after
 * {@link lockOrderNumber}.
 */
export async function sealAttempt(tx: Tx, key: SealedKey, nowMs: number): Promise<void> {
  await tx.execute(sql`
    insert into sealed_attempt (operator_id, order_id, attempt, merchant_id, terminal_id, sealed_at_ms)
    values (${key.operatorId}, ${key.orderId}, ${key.attempt}, ${key.merchantId},
      ${key.terminalId}, ${nowMs})
    on conflict do nothing`);
}
