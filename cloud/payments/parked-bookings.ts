import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import { lockAttempt } from '#cloud/payments/attempt-store.ts';
import { book } from '#cloud/payments/book-attempt.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import type { Db } from '#cloud/platform/db.ts';

export const parkedBookingsMax = 500;

export interface ParkedBooking {
  readonly orderId: OrderId;
  readonly attempt: number;
  readonly netFen: number;
  /** What the books said. */
  readonly why: string;
}

/** Charges whose money is there but that the books refused, oldest first: for people, and for {@link rebookOnce}. */
export async function listParkedBookings(
  db: Db,
  merchant: { readonly operatorId: OperatorId; readonly merchantId: MerchantId },
): Promise<readonly ParkedBooking[]> {
  const { rows } = await db.execute<{
    order_id: OrderId;
    attempt: number;
    net_fen: number;
    book_error: string | null;
  }>(sql`
    select order_id, attempt, amount_fen - voucher_fen as net_fen, book_error from payment_attempt
     where operator_id = ${merchant.operatorId} and merchant_id = ${merchant.merchantId}
       and book_state = 'parked'
     order by submitted_at_ms limit ${parkedBookingsMax}`);
  return rows.map((row) => ({
    orderId: row.order_id,
    attempt: row.attempt,
    netFen: row.net_fen,
    why: row.book_error ?? '',
  }));
}

/** Books every parked charge that the books take now: some refusals heal by themselves. Returns how many. */
export async function rebookOnce(deps: PaymentDeps): Promise<number> {
  const { rows } = await deps.db.execute<{
    operator_id: OperatorId;
    order_id: OrderId;
    attempt: number;
  }>(sql`
    select operator_id, order_id, attempt from payment_attempt
     where book_state = 'parked' order by submitted_at_ms limit ${parkedBookingsMax}`);
  let booked = 0;
  for (const row of rows) {
    const key = { operatorId: row.operator_id, orderId: row.order_id, attempt: row.attempt };
    const isBooked = await deps.db.transaction(async (tx) => {
      const attempt = await lockAttempt(tx, key);
      if (attempt?.progress.status !== 'paid') return false;
      return (await book(tx, deps, [{ attempt, nowMs: deps.clock.nowMs() }])) === 1;
    });
    if (isBooked) booked += 1;
  }
  return booked;
}
