import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import { cancelCharge, readCharge, startCharge } from '#cloud/payments/charge.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { plantVoucher } from '#cloud/payments/testing/plant-voucher.ts';
import { reserveVouchers } from '#cloud/vouchers/reservations.ts';

/** Requests that arrive when nobody waits for them any more must not take money. */
let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());

const keyOf = (request: ChargeRequest) => ({
  operatorId: bench.till.operatorId,
  orderId: request.orderId as OrderId,
  attempt: request.attempt,
});
const send = (request: ChargeRequest) => startCharge(bench.deps, bench.till, request);
const takenFor = (request: ChargeRequest) =>
  bench.simulator.books().filter((line) => line.outTradeNo.startsWith(request.orderId.slice(4)));
const refusedWith = (code: string) => ({ ok: false, error: { code } });

it('a charge that comes after its cancellation is refused, however often, and takes nothing', async () => {
  const request = bench.request('01');
  expect(await cancelCharge(bench.deps, bench.till, keyOf(request))).toEqual(
    refusedWith('charge-not-found'),
  );
  for (const _ of [1, 2]) expect(await send(request)).toEqual(refusedWith('order-number-closed'));
  expect(takenFor(request)).toEqual([]);
  expect(await readCharge(bench.deps, bench.till, keyOf(request))).toEqual(
    refusedWith('charge-not-found'),
  );
  const next = { ...request, attempt: 2, authCode: bench.request('01').authCode };
  expect(await send(next)).toMatchObject({ value: { status: 'paid' } });
});

it('cancel and charge that race: either nothing was taken, or it is on its way back', async () => {
  for (let round = 0; round < 12; round += 1) {
    const request = bench.request('03');
    const [charged, cancelled] = await Promise.all([
      send(request),
      cancelCharge(bench.deps, bench.till, keyOf(request)),
    ]);
    if (cancelled.ok) expect(cancelled.value.status).toBe('reversing');
    else {
      expect(charged).toEqual(refusedWith('order-number-closed'));
      expect(takenFor(request)).toEqual([]);
    }
  }
  await bench.runUntilQuiet();
});

it('only the till itself can close a number of its own', async () => {
  const request = bench.request('01');
  const stranger = { ...bench.till, terminalId: 'trm_00000000000000000000000000' as never };
  await cancelCharge(bench.deps, stranger, keyOf(request));
  expect(await send(request)).toMatchObject({ value: { status: 'paid' } });
});

it('an earlier attempt that arrives after a later one failed takes nothing', async () => {
  const late = bench.request('01');
  const second = { ...bench.request('06'), orderId: late.orderId, attempt: 2 };
  expect(await send(second)).toMatchObject({ value: { status: 'failed' } });
  expect(await send(late)).toEqual(refusedWith('order-number-closed'));
  expect(takenFor(late)).toEqual([]);
});

it('an attempt that the till’s journal gave up takes nothing when it arrives after all', async () => {
  const late = bench.request('01');
  await bench.deps.db.execute(sql`
    insert into customer_order (operator_id, merchant_id, order_id, terminal_id, epoch, state,
      amount_fen, voucher_fen, business_date, folded, updated_at_ms)
    values (${bench.till.operatorId}, ${bench.till.merchantId}, ${late.orderId},
      ${bench.till.terminalId}, 'e', 'failed', 1234, 0, '2026-09-21', '{"attempt":1}', 0)`);
  expect(await send(late)).toEqual(refusedWith('order-number-closed'));
  const next = { ...late, attempt: 2 };
  expect(await send(next)).toMatchObject({ value: { status: 'paid' } });
});

it('vouchers set aside for a large order do not pay more than half of a small one', async () => {
  const memberId = bench.newMemberId();
  const orderId = bench.newOrderId();
  await plantVoucher(bench, { memberId, amountFen: 5_000 });
  const nowMs = bench.clock.nowMs();
  const { operatorId } = bench.till;
  const order = { operatorId, memberId, orderId, amountFen: fen(10_000), nowMs };
  const { reservationId, voucherFen } = getOrThrow(
    await bench.deps.db.transaction((tx) =>
      reserveVouchers(tx, { ...order, today: accountingDate(nowMs) }),
    ),
  );
  const vouchers = { orderId, memberId, reservationId, voucherFen };
  expect(await send(bench.request('01', { ...vouchers, amountFen: 5_001 }))).toEqual(
    refusedWith('voucher-reservation-invalid'),
  );
  expect(bench.simulator.books().some((line) => line.outTradeNo.startsWith(orderId.slice(4)))).toBe(
    false,
  );
  const whole = bench.request('01', { ...vouchers, amountFen: 10_000 });
  expect(await send(whole)).toMatchObject({ value: { status: 'paid' } });
});
