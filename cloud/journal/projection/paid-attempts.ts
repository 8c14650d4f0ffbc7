import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';

/** Names one attempt to pay an order. */
export interface AttemptName {
  readonly operatorId: string;
  readonly orderId: string;
  readonly attempt: number;
}

/** An attempt whose money the cloud has seen, as it was charged. Amounts in fen. */
export interface PaidAttempt extends AttemptName {
  readonly merchantId: string;
  readonly terminalId: string;
  readonly amountFen: number;
  readonly voucherFen: number;
  readonly concessionBp: number;
}

/** Of the attempts named, those whose money the cloud's own book of attempts has seen. One statement. */
export async function findPaidAttempts(
  tx: Tx,
  attempts: readonly AttemptName[],
): Promise<readonly PaidAttempt[]> {
  if (attempts.length === 0) return [];
  const { rows } = await tx.execute<{ [K in keyof PaidAttempt]: PaidAttempt[K] }>(sql`
    select a.operator_id as "operatorId", a.order_id as "orderId", a.attempt,
           a.merchant_id as "merchantId", a.terminal_id as "terminalId",
           a.amount_fen as "amountFen", a.voucher_fen as "voucherFen",
           a.concession_bp as "concessionBp"
      from jsonb_to_recordset(${JSON.stringify(attempts)}::jsonb)
             as n("operatorId" text, "orderId" text, attempt integer)
      join payment_attempt a on a.operator_id = n."operatorId" and a.order_id = n."orderId"
       and a.attempt = n.attempt
     where a.status in ('paid', 'refunded-late')`);
  return rows;
}
