import { ok, type Result } from '#shared/result/result.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Attempt } from '#cloud/payments/attempt.ts';
import { saveBooking } from '#cloud/payments/attempt-store.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import type { Tx } from '#cloud/platform/db.ts';

/** An attempt that has just become final, and when. */
export interface Ended {
  readonly attempt: Attempt;
  readonly nowMs: number;
}

/**
 * The money is there, so the sale is paid whatever the books say: a refusal of theirs parks the booking with its
 * reason, for people and the re-booking worker, and never undoes or hides the payment. False when it was parked.
 */
export async function book(
  tx: Tx,
  deps: Pick<PaymentDeps, 'vouchers'>,
  { attempt, nowMs }: Ended,
): Promise<boolean> {
  const booked = await commitAndBook(tx, deps, { attempt, nowMs });
  await saveBooking(tx, attempt, booked.ok ? undefined : JSON.stringify(booked.error));
  return booked.ok;
}

async function commitAndBook(
  tx: Tx,
  deps: Pick<PaymentDeps, 'vouchers'>,
  { attempt, nowMs }: Ended,
): Promise<Result<void, object>> {
  const { operatorId, orderId, reservationId, voucherFen } = attempt;
  if (reservationId !== undefined) {
    const part = { operatorId, orderId, reservationId, voucherFen, nowMs };
    const committed = await deps.vouchers.commit(tx, part);
    if (!committed.ok) return committed;
  }
  const booked = await bookPaidOrders(tx, [paidOrderOf(attempt, nowMs)]);
  return booked.ok ? ok(undefined) : booked;
}

/** An attempt as the books take it, accepted at `nowMs`. */
export const paidOrderOf = (attempt: Attempt, nowMs: number): PaidOrder => ({
  operatorId: attempt.operatorId,
  merchantId: attempt.merchantId,
  terminalId: attempt.terminalId,
  orderId: attempt.orderId,
  source: 'channel',
  channel: attempt.channel,
  amountFen: attempt.amountFen,
  voucherFen: attempt.voucherFen,
  netFen: attempt.netFen,
  concessionBp: attempt.concessionBp,
  memberId: attempt.memberId,
  claimHash: attempt.claimHash,
  paidAtMs: attempt.progress.paidAtMs ?? nowMs,
  acceptedAtMs: nowMs,
  businessDate: attempt.businessDate,
});
