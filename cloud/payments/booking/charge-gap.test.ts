import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyLearned } from '#cloud/payments/apply-learned.ts';
import { bookWaitingOnce } from '#cloud/payments/booking/booking-desk.ts';
import { cancelCharge, startCharge } from '#cloud/payments/charge.ts';
import type { Learned } from '#cloud/payments/payment-machine.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { plantVoucher, voucherOf } from '#cloud/payments/testing/plant-voucher.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { proveBooks } from '#cloud/proof/proof-run.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import { releaseLapsed, reserveVouchers } from '#cloud/vouchers/reservations.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';

/**
 * What comes while a charge is paid and answered, and its sale is not in the books yet
 * (docs/adr/0017).
 */
let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());

/** Answered by a process that dies before it books. */
async function payAndDie(request: ChargeRequest): Promise<ChargeRequest> {
  const dying = bench.restarted();
  dying.bookings.attend({ wake: () => {} });
  const charge = getOrThrow(await startCharge(dying, bench.till, request));
  expect(charge.status).toBe('paid');
  return request;
}
const bookOnce = (): Promise<number> =>
  runScoped({ type: 'across', work: 'payments' }, () => bookWaitingOnce(bench.restarted()));
const broken = async (): Promise<readonly string[]> => {
  const { operatorId } = bench.till;
  const proofs = await proveBooks({ db: bench.deps.db, operatorId });
  return proofs.filter(({ holds }) => !holds).map(({ name }) => name);
};
const refundOf = (request: ChargeRequest, amountFen: number) => ({
  orderId: request.orderId as OrderId,
  refundNo: 1,
  amountFen,
  cashier: 'c1',
  reason: 'x',
});

it('a refund, whole or in part, is told that the sale is not booked yet, moves nothing, and goes through afterwards', async () => {
  const request = await payAndDie(bench.request('01'));
  for (const amountFen of [request.amountFen, 100])
    expect(await askRefund(bench.deps, bench.till, refundOf(request, amountFen))).toEqual({
      ok: false,
      error: { code: 'refund-not-booked' },
    });
  expect(await bookOnce()).toBe(1);
  const refund = getOrThrow(await askRefund(bench.deps, bench.till, refundOf(request, 100)));
  expect(refund.status).toBe('done');
  await bench.runUntilQuiet();
  expect(await broken()).toEqual([]);
});

it('a cancel, a notify’s question and the channel’s second thoughts change nothing; the sale is booked once', async () => {
  const request = await payAndDie(bench.request('01'));
  const key = { ...bench.till, orderId: request.orderId as OrderId, attempt: 1 };
  const evidence = {
    requestDigest: '',
    httpStatus: 200,
    rawAnswer: '',
    signature: 'valid',
  } as const;
  const paid = { type: 'paid', channelRef: 'again', paidAtMs: bench.clock.nowMs() } as const;
  const say = (learned: Learned) =>
    applyLearned(bench.deps, key, { learned, callNo: 1, evidence, latencyMs: 0 });
  await Promise.all([
    cancelCharge(bench.deps, bench.till, key),
    say({ from: 'query', outcome: paid }),
    say({ from: 'query', outcome: { type: 'unpaid', code: 'NOTPAY' } }),
    say({ from: 'charge', outcome: paid }),
    bookOnce(),
  ]);
  await bookOnce();
  const { rows } = await bench.deps.db.execute(sql`
    select a.status, a.book_state, (select count(*) from settlement_line l
             where l.order_id = a.order_id) as lines,
           (select count(*) from order_result r where r.order_id = a.order_id) as results
      from payment_attempt a where a.order_id = ${request.orderId}`);
  expect(rows).toEqual([{ status: 'paid', book_state: 'booked', lines: 1, results: 1 }]);
  expect(await broken()).toEqual([]);
});

it('a later answer of the channel does not begin anew the minute in which a sale must be booked', async () => {
  const { orderId } = await payAndDie(bench.request('01'));
  const settledAtMs = async () => {
    const { rows } = await bench.deps.db.execute<{ at: number }>(
      sql`select settled_at_ms as at from payment_attempt where order_id = ${orderId}`,
    );
    return rows[0]?.at;
  };
  const before = await settledAtMs();
  bench.clock.advance(50_000);
  const key = { ...bench.till, orderId: orderId as OrderId, attempt: 1 };
  const outcome = { type: 'paid', channelRef: 'x', paidAtMs: bench.clock.nowMs() } as const;
  const evidence = {
    requestDigest: '',
    httpStatus: 200,
    rawAnswer: '',
    signature: 'valid',
  } as const;
  const learned = { from: 'query', outcome } as const;
  await applyLearned(bench.deps, key, { learned, callNo: 1, evidence, latencyMs: 0 });
  expect(await settledAtMs()).toBe(before);
  expect(await bookOnce()).toBe(1);
});

it('vouchers of a paid charge are neither lapsed nor given to another order before they are spent', async () => {
  const [memberId, orderId] = [bench.newMemberId(), bench.newOrderId()];
  await plantVoucher(bench, { memberId, amountFen: 300 });
  const { operatorId } = bench.till;
  const reserve = (id: OrderId) =>
    bench.deps.db.transaction((tx) =>
      reserveVouchers(tx, {
        operatorId,
        memberId,
        orderId: id,
        amountFen: fen(1_234),
        nowMs: bench.clock.nowMs(),
        today: '2026-09-21',
      }),
    );
  const { reservationId, voucherFen } = getOrThrow(await reserve(orderId));
  await payAndDie(bench.request('01', { orderId, memberId, reservationId, voucherFen }));
  bench.clock.advance(600_000);
  const nowMs = bench.clock.nowMs();
  await bench.deps.db.transaction((tx) => releaseLapsed(tx, { operatorId, nowMs }));
  expect(await reserve(orderId)).toMatchObject({ error: { type: 'voucher-reservation-invalid' } });
  expect(await reserve(bench.newOrderId())).toMatchObject({ error: { type: 'voucher-balance' } });
  expect(await voucherOf(bench, memberId)).toEqual({ left: 0, held: 300, spent: 0 });
  // Ten minutes are too long, and that is the only law that is broken: the wallets are still what
  // the books say.
  expect(await broken()).toEqual(['paid-charges-are-booked']);
  expect(await bookOnce()).toBe(1);
  expect(await voucherOf(bench, memberId)).toEqual({ left: 0, held: 0, spent: 300 });
  expect(await broken()).toEqual([]);
});
