import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { cancelCharge, startCharge } from '#cloud/payments/charge.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { proveBooks } from '#cloud/proof/proof-run.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';

/** Cash taken while an old charge is in doubt, and the charge becomes paid after all. */
let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());

it.each([
  ['that the payer confirms late', '02'],
  ['whose answer was lost', '04'],
])('a charge %s goes back by itself, once, and the cash sale stands', async (_, suffix) => {
  const request = bench.request(suffix);
  expect(getOrThrow(await startCharge(bench.deps, bench.till, request)).status).not.toBe('paid');
  const nowMs = bench.clock.nowMs();
  const orderId = request.orderId as OrderId;
  const cashSale = {
    ...bench.till,
    orderId,
    source: 'cash',
    channel: 'cash',
    amountFen: fen(request.amountFen),
    voucherFen: fen(0),
    netFen: fen(request.amountFen),
    concessionBp: basisPoints(request.concessionBp),
    memberId: undefined,
    claimHash: undefined,
    paidAtMs: nowMs,
    acceptedAtMs: nowMs,
    businessDate: request.businessDate,
  } as const;
  getOrThrow(await bench.deps.db.transaction((tx) => bookPaidOrders(tx, [cashSale])));
  await bench.runUntilQuiet();
  const books = bench.simulator
    .books()
    .filter((line) => line.outTradeNo.startsWith(orderId.slice(4)));
  expect(books.reduce((sum, line) => sum + line.amountFen - line.refundedFen, 0)).toBe(
    books.some(({ refundedFen }) => refundedFen > 0) ? 0 : request.amountFen,
  );
  const { rows } = await bench.deps.db.execute(sql`
    select a.status, a.book_state, r.result ->> 'result' as told from payment_attempt a
      join order_result r on r.order_id = a.order_id
     where a.order_id = ${orderId}`);
  expect(rows).toEqual([{ status: 'refunded-late', book_state: 'none', told: 'refunded-late' }]);
  const { operatorId } = bench.till;
  const proofs = await proveBooks({ db: bench.deps.db, operatorId });
  expect(proofs.filter(({ holds }) => !holds)).toEqual([]);
});

it('a charge that was called off and is paid late goes back whole; the other order that took its place keeps its own refund', async () => {
  const { deps, till, simulator } = bench;
  const first = bench.request('04', { amountFen: 3_000 });
  expect(getOrThrow(await startCharge(deps, till, first)).status).not.toBe('paid');
  await cancelCharge(deps, till, {
    operatorId: till.operatorId,
    orderId: first.orderId as OrderId,
    attempt: 1,
  });
  const second = bench.request('01', { amountFen: 3_000 });
  expect(getOrThrow(await startCharge(deps, till, second)).status).toBe('paid');
  const words = { cashier: '小王', reason: '退货' };
  const part = { orderId: second.orderId as OrderId, refundNo: 1, amountFen: 1_200, ...words };
  const ofFirst = { ...part, orderId: first.orderId as OrderId };
  // The order that was called off is no sale: nothing of it is refunded by hand, whatever becomes of its charge.
  expect(await askRefund(deps, till, ofFirst)).toMatchObject({ ok: false });
  expect(await askRefund(deps, till, part)).toMatchObject({ value: { status: 'done' } });
  await bench.runUntilQuiet();
  const leftOf = ({ orderId }: { readonly orderId: string }) =>
    simulator
      .books()
      .filter((line) => line.outTradeNo.startsWith(orderId.slice(4)))
      .filter((line) => line.paidAtMs !== undefined)
      .map((line) => line.amountFen - line.refundedFen);
  expect(leftOf(first)).toEqual([0]);
  expect(leftOf(second)).toEqual([1_800]);
  expect(await askRefund(deps, till, ofFirst)).toMatchObject({ ok: false });
  const { operatorId } = till;
  const proofs = await proveBooks({ db: deps.db, operatorId });
  expect(proofs.filter(({ holds }) => !holds)).toEqual([]);
});
