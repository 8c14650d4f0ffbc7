import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Attempt } from '#cloud/payments/attempt.ts';
import { saveBookings, type Booking } from '#cloud/payments/attempt-store.ts';
import { saleOf } from '#cloud/payments/booking/sale-review.ts';
import type { VoucherPort } from '#cloud/payments/voucher-port.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { reviewPaidSales } from '#cloud/review/review-store.ts';

/** An attempt that has become final, and when. */
export interface Ended {
  readonly attempt: Attempt;
  readonly nowMs: number;
  /** Keyed hash of who paid; undefined when the channel did not say. */
  readonly payerHash?: string | undefined;
}

interface Vouchers {
  readonly vouchers: VoucherPort;
}

/**
 * Paid charges enter the books, many at once, and the rules of review look at them. The number of
 * statements does not grow with the charges, but for those with vouchers.
 */
export async function enterBooks(tx: Tx, deps: Vouchers, paid: readonly Ended[]): Promise<void> {
  if (paid.length === 0) return;
  await book(tx, deps, paid);
  await reviewPaidSales(
    tx,
    paid.map(({ attempt, payerHash }) => saleOf(attempt, payerHash)),
  );
}

/**
 * The money is there, so the sales are paid whatever the books say: a refusal of theirs parks the
 * booking with its reason, for people and the re-booking worker, and never undoes or hides the
 * payment. Returns how many were booked.
 */
export async function book(tx: Tx, deps: Vouchers, paid: readonly Ended[]): Promise<number> {
  const bookings: Booking[] = [];
  const spent: Ended[] = [];
  for (const one of paid) {
    const error = await commitVouchers(tx, deps, one);
    if (error === undefined) spent.push(one);
    else bookings.push({ key: one.attempt, error: JSON.stringify(error) });
  }
  bookings.push(...(await bookTogether(tx, spent)));
  await saveBookings(tx, bookings);
  return bookings.filter(({ error }) => error === undefined).length;
}

async function commitVouchers(
  tx: Tx,
  deps: Vouchers,
  { attempt, nowMs }: Ended,
): Promise<object | undefined> {
  const { operatorId, orderId, reservationId, voucherFen } = attempt;
  if (reservationId === undefined) return undefined;
  const part = { operatorId, orderId, reservationId, voucherFen, nowMs };
  const committed = await deps.vouchers.commit(tx, part);
  return committed.ok ? undefined : committed.error;
}

/**
 * All in one go; when the books refuse that, each half by itself, until those at fault stand alone.
 */
async function bookTogether(tx: Tx, paid: readonly Ended[]): Promise<readonly Booking[]> {
  const booked = await bookPaidOrders(
    tx,
    paid.map(({ attempt, nowMs }) => paidOrderOf(attempt, nowMs)),
  );
  if (booked.ok) return paid.map(({ attempt }) => ({ key: attempt, error: undefined }));
  const [one] = paid;
  if (one === undefined) return [];
  if (paid.length === 1) return [{ key: one.attempt, error: JSON.stringify(booked.error) }];
  const middle = Math.ceil(paid.length / 2);
  return [
    ...(await bookTogether(tx, paid.slice(0, middle))),
    ...(await bookTogether(tx, paid.slice(middle))),
  ];
}

/** An attempt as the books take it, accepted at `nowMs`, by the terms under which it was begun. */
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
  agreed: {
    // A withholding carries the rate of the moment in which its goods left; its vouchers are taken
    // now.
    rateAtMs: attempt.kind === 'withhold' ? attempt.openedAtMs : attempt.progress.submittedAtMs,
    vouchersAtMs: attempt.progress.submittedAtMs,
  },
  businessDate: attempt.businessDate,
});
