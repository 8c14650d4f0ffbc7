import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import type { Attempt, AttemptKey } from '#cloud/payments/attempt.ts';
import { attemptColumns, toAttempt, type AttemptRow } from '#cloud/payments/attempt-row.ts';
import { book } from '#cloud/payments/booking/book-attempt.ts';
import { threwMark } from '#cloud/payments/booking/booking-desk.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { saleOf } from '#cloud/payments/booking/sale-review.ts';
import { isTransient } from '#cloud/platform/database-error.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { reviewPaidSales } from '#cloud/review/review-store.ts';

export const parkedBookingsMax = 500;

export interface ParkedBooking {
  readonly orderId: OrderId;
  readonly attempt: number;
  readonly netFen: number;
  /** What the books said. */
  readonly why: string;
}

/**
 * Charges whose money is there but that the books refused, oldest first: for people, and for
 * {@link rebookOnce}.
 */
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

/**
 * Books every parked charge that the books take now: some refusals heal by themselves. Each step
 * tries those whose last try is the longest ago, so that however many the books refuse for good,
 * every other one has its turn. Returns how many it booked.
 */
export async function rebookOnce(
  deps: Pick<PaymentDeps, 'db' | 'clock' | 'logger' | 'vouchers'>,
): Promise<number> {
  // What is over is leased by nobody: here the column says when it was tried last.
  const { rows } = await deps.db.execute<ParkedRow>(sql`
    with oldest as (
      select operator_id as o, order_id as r, attempt as a from payment_attempt
       where book_state = 'parked' order by lease_until_ms, submitted_at_ms
       limit ${parkedBookingsMax} for update skip locked)
    update payment_attempt set lease_until_ms = ${deps.clock.nowMs()}
      from oldest where operator_id = o and order_id = r and attempt = a
    returning operator_id, order_id, attempt, submitted_at_ms`);
  let booked = 0;
  for (const row of rows.toSorted((a, b) => a.submitted_at_ms - b.submitted_at_ms)) {
    const key = { operatorId: row.operator_id, orderId: row.order_id, attempt: row.attempt };
    try {
      if (await rebook(deps, key)) booked += 1;
    } catch (error) {
      if (isTransient(error)) throw error;
      const { orderId } = key;
      deps.logger.error({ err: error, orderId }, 'a paid charge is still not booked');
    }
  }
  return booked;
}

interface ParkedRow extends Record<string, unknown> {
  operator_id: OperatorId;
  order_id: OrderId;
  attempt: number;
  submitted_at_ms: number;
}

const rebook = (
  deps: Pick<PaymentDeps, 'db' | 'clock' | 'vouchers'>,
  key: AttemptKey,
): Promise<boolean> =>
  retriedTransaction(deps.db, async (tx) => {
    const parked = await lockParked(tx, key);
    if (parked === undefined) return false;
    const { attempt, payerHash } = parked;
    const isBooked = (await book(tx, deps, [{ attempt, nowMs: deps.clock.nowMs() }])) === 1;
    if (!parked.isReviewed) await reviewPaidSales(tx, [saleOf(attempt, payerHash)]);
    return isBooked;
  });

interface Parked {
  readonly attempt: Attempt;
  readonly payerHash: string | undefined;
  /** False when its booking threw: what the rules of review said was undone with it. */
  readonly isReviewed: boolean;
}

/** Undefined when it is not parked any more. */
async function lockParked(tx: Tx, key: AttemptKey): Promise<Parked | undefined> {
  const { rows } = await tx.execute<
    AttemptRow & { payer_hash: string | null; is_reviewed: boolean }
  >(sql`
    select ${sql.raw(attemptColumns)}, payer_hash,
           not starts_with(coalesce(book_error, ''), ${threwMark}) as is_reviewed from payment_attempt
     where operator_id = ${key.operatorId} and order_id = ${key.orderId} and attempt = ${key.attempt}
       and status = 'paid' and book_state = 'parked' for update`);
  const row = rows[0];
  if (row === undefined) return undefined;
  const { payer_hash: payerHash, is_reviewed: isReviewed } = row;
  return { attempt: toAttempt(row), payerHash: payerHash ?? undefined, isReviewed };
}
