import { sql } from 'drizzle-orm';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { plantVoucher } from '#cloud/payments/testing/plant-voucher.ts';
import type { PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { bookRefund } from '#cloud/refunds/book-refund.ts';
import { insertRefund, type KeptRefund } from '#cloud/refunds/refund-store.ts';
import { commitReservation, reserveVouchers } from '#cloud/vouchers/reservations.ts';
import { fen, subtractFen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

interface TillSaleWanted {
  readonly source: Exclude<PaidOrder['source'], 'channel'>;
  readonly voucherFen: number;
  /** When the cloud took it; now unless given. */
  readonly acceptedAtMs?: number;
}

/** A sale of 100.00 that only a till's journal tells of, paid in part by vouchers, as it is booked. */
export async function sellAtTill(bench: PaymentBench, wanted: TillSaleWanted): Promise<PaidOrder> {
  const { source, acceptedAtMs = bench.clock.nowMs() } = wanted;
  const { operatorId, merchantId, terminalId } = bench.till;
  const [memberId, orderId] = [bench.newMemberId(), bench.newOrderId()];
  const [amountFen, voucherFen] = [fen(10_000), fen(wanted.voucherFen)];
  await plantVoucher(bench, { memberId, amountFen: voucherFen });
  const order = { operatorId, merchantId, terminalId, orderId, memberId, amountFen };
  const paid: PaidOrder = {
    ...order,
    source,
    channel: source,
    voucherFen,
    netFen: subtractFen(amountFen, voucherFen),
    concessionBp: basisPoints(1_000),
    claimHash: undefined,
    paidAtMs: acceptedAtMs,
    acceptedAtMs,
    businessDate: accountingDate(acceptedAtMs),
  };
  await bench.deps.db.transaction(async (tx) => {
    const nowMs = bench.clock.nowMs();
    const today = accountingDate(nowMs);
    const held = getOrThrow(await reserveVouchers(tx, { ...order, nowMs, today }));
    const { reservationId } = held;
    getOrThrow(await commitReservation(tx, { operatorId, orderId, reservationId, voucherFen }));
    getOrThrow(await bookPaidOrders(tx, [paid]));
  });
  return paid;
}

/** The till gave a sale's money back, all of it or `part` of 100; the books follow now. */
export async function refundAtTill(
  bench: PaymentBench,
  paid: PaidOrder,
  part: { readonly refundNo: number; readonly percent: number } = { refundNo: 1, percent: 100 },
): Promise<void> {
  const nowMs = bench.clock.nowMs();
  const share = (of: number) => fen((of * part.percent) / 100);
  const refund: KeptRefund = {
    ...paid,
    refundNo: part.refundNo,
    how: paid.source === 'box' ? 'box-slip' : 'cash',
    amountFen: share(paid.amountFen),
    cashFen: share(paid.netFen),
    voucherFen: share(paid.voucherFen),
    cashier: '小王',
    reason: '退货',
    businessDate: accountingDate(nowMs),
    askedAtMs: nowMs,
    charge: undefined,
    progress: { status: 'booking', fruitlessTries: 0, nextAtMs: nowMs, code: undefined },
    concessionFen: undefined,
    points: undefined,
  };
  await bench.deps.db.transaction(async (tx) => {
    await insertRefund(tx, refund);
    getOrThrow(await bookRefund(tx, refund, nowMs));
  });
}

export interface PayoutRow extends Record<string, unknown> {
  readonly day: string;
  readonly spent: number;
  readonly returned: number;
  readonly carried: number;
  readonly payout: number;
}

/** What was made of each day, in their order. */
export async function payoutsOf({ deps }: PaymentBench): Promise<readonly PayoutRow[]> {
  const { rows } = await deps.db.execute<PayoutRow>(sql`
    select day::text as day, spent_fen as spent, returned_fen as returned, carried_fen as carried,
           payout_fen as payout from subsidy_payout order by merchant_id, day`);
  return rows;
}
