import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MemberId, OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import { cancelCharge, startCharge } from '#cloud/payments/charge.ts';
import { applyLearned } from '#cloud/payments/apply-learned.ts';
import { listParkedBookings, rebookOnce } from '#cloud/payments/booking/parked-bookings.ts';
import type { Learned } from '#cloud/payments/payment-machine.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { plantVoucher, voucherOf } from '#cloud/payments/testing/plant-voucher.ts';
import { releaseLapsed, reserveVouchers } from '#cloud/vouchers/reservations.ts';

let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());

/** A charge of 12.34 with a voucher of 3.00 that is set aside for it. */
async function chargeWithVoucher(
  suffix: string,
): Promise<ChargeRequest & { memberId: MemberId; orderId: OrderId }> {
  const memberId = bench.newMemberId();
  const orderId = bench.newOrderId();
  await plantVoucher(bench, { memberId, amountFen: 300 });
  const nowMs = bench.clock.nowMs();
  const reservation = await bench.deps.db.transaction(async (tx) =>
    getOrThrow(
      await reserveVouchers(tx, {
        operatorId: bench.till.operatorId,
        memberId,
        orderId,
        amountFen: fen(1_234),
        nowMs,
        today: accountingDate(nowMs),
      }),
    ),
  );
  const { reservationId, voucherFen } = reservation;
  const request = bench.request(suffix, { orderId, memberId, reservationId, voucherFen });
  return { ...request, memberId, orderId };
}

const takenFrom = (request: ChargeRequest) =>
  bench.simulator.books().find((line) => line.outTradeNo.startsWith(request.orderId.slice(4)));

it('the channel is asked for the rest, and the vouchers are spent with the payment', async () => {
  const request = await chargeWithVoucher('01');
  const charged = await startCharge(bench.deps, bench.till, request);
  expect(charged).toMatchObject({ value: { status: 'paid', amountFen: 1_234, voucherFen: 300 } });
  expect(takenFrom(request)).toMatchObject({ amountFen: 934 });
  expect(await voucherOf(bench, request.memberId)).toEqual({ left: 0, held: 0, spent: 300 });
});

it('a failed attempt keeps the vouchers set aside, and the next attempt spends them', async () => {
  const request = await chargeWithVoucher('06');
  await startCharge(bench.deps, bench.till, request);
  expect(await voucherOf(bench, request.memberId)).toEqual({ left: 0, held: 300, spent: 0 });
  const second = { ...request, attempt: 2, authCode: bench.request('01').authCode };
  expect(await startCharge(bench.deps, bench.till, second)).toMatchObject({
    value: { status: 'paid' },
  });
  expect(await voucherOf(bench, request.memberId)).toEqual({ left: 0, held: 0, spent: 300 });
});

it('a sale that was cancelled, found paid and refunded gives the vouchers back', async () => {
  const request = await chargeWithVoucher('04');
  await startCharge(bench.deps, bench.till, request);
  await cancelCharge(bench.deps, bench.till, { ...bench.till, ...request });
  await bench.runUntilQuiet();
  expect(takenFrom(request)).toMatchObject({ state: 'REFUND', refundedFen: 934 });
  expect(await voucherOf(bench, request.memberId)).toEqual({ left: 300, held: 0, spent: 0 });
});

it('a payer who took his time: the vouchers are taken again if they are still there', async () => {
  const request = await chargeWithVoucher('06');
  await startCharge(bench.deps, bench.till, request);
  await tenMinutesDown();
  expect(await voucherOf(bench, request.memberId)).toEqual({ left: 300, held: 0, spent: 0 });
  const second = { ...request, attempt: 2, authCode: bench.request('01').authCode };
  expect(await startCharge(bench.deps, bench.till, second)).toMatchObject({
    value: { status: 'paid', voucherFen: 300 },
  });
  expect(await voucherOf(bench, request.memberId)).toEqual({ left: 0, held: 0, spent: 300 });
});

it('vouchers that another order took meanwhile are refused before anything is sent', async () => {
  const request = await chargeWithVoucher('01');
  await tenMinutesDown();
  const nowMs = bench.clock.nowMs();
  const { operatorId } = bench.till;
  const { memberId } = request;
  const other = { operatorId, memberId, orderId: bench.newOrderId(), amountFen: fen(600), nowMs };
  await bench.deps.db.transaction(async (tx) =>
    getOrThrow(await reserveVouchers(tx, { ...other, today: accountingDate(nowMs) })),
  );
  expect(await startCharge(bench.deps, bench.till, request)).toEqual({
    ok: false,
    error: { code: 'voucher-reservation-invalid' },
  });
  expect(takenFrom(request)).toBeUndefined();
});

/**
 * The cloud was down for ten minutes; on its way up it gives lapsed vouchers back before it looks
 * at charges.
 */
async function tenMinutesDown(): Promise<void> {
  bench.clock.advance(600_000);
  const { operatorId } = bench.till;
  const nowMs = bench.clock.nowMs();
  await bench.deps.db.transaction((tx) => releaseLapsed(tx, { operatorId, nowMs }));
}

it('while the channel may still say paid, the vouchers stay set aside, also over an outage', async () => {
  const request = await chargeWithVoucher('04');
  await startCharge(bench.deps, bench.till, request);
  await tenMinutesDown();
  expect(await voucherOf(bench, request.memberId)).toEqual({ left: 0, held: 300, spent: 0 });
  await bench.runUntilQuiet();
  expect(await voucherOf(bench, request.memberId)).toEqual({ left: 0, held: 0, spent: 300 });
  expect(await listParkedBookings(bench.deps.db, bench.till)).toEqual([]);
});

it('after a charge that took nothing the vouchers are held for the next attempt, and then lapse', async () => {
  const request = await chargeWithVoucher('03');
  await startCharge(bench.deps, bench.till, request);
  await bench.runUntilQuiet();
  expect(await voucherOf(bench, request.memberId)).toEqual({ left: 0, held: 300, spent: 0 });
  await tenMinutesDown();
  expect(await voucherOf(bench, request.memberId)).toEqual({ left: 300, held: 0, spent: 0 });
});

it('money found late for an earlier attempt does not take the vouchers from the next one', async () => {
  const request = await chargeWithVoucher('03');
  await startCharge(bench.deps, bench.till, request);
  await cancelCharge(bench.deps, bench.till, { ...bench.till, ...request });
  await bench.runUntilQuiet();
  const second = { ...request, attempt: 2, authCode: bench.request('02').authCode };
  expect(await startCharge(bench.deps, bench.till, second)).toMatchObject({
    value: { status: 'waiting-payer' },
  });
  // The channel contradicts itself: what it had closed it calls refunded now.
  const first = { ...bench.till, orderId: request.orderId, attempt: 1 };
  const evidence = {
    requestDigest: '',
    httpStatus: 200,
    rawAnswer: '',
    signature: 'valid',
  } as const;
  const paid = { type: 'paid', channelRef: 'late', paidAtMs: bench.clock.nowMs() } as const;
  const say = (learned: Learned) =>
    applyLearned(bench.deps, first, { learned, callNo: 1, evidence, latencyMs: 0 });
  await say({ from: 'query', outcome: paid });
  await say({ from: 'reverse', outcome: { type: 'refunded' } });
  expect(await voucherOf(bench, request.memberId)).toEqual({ left: 0, held: 300, spent: 0 });
  await bench.runUntilQuiet();
  expect(await voucherOf(bench, request.memberId)).toEqual({ left: 0, held: 0, spent: 300 });
  expect(await listParkedBookings(bench.deps.db, bench.till)).toEqual([]);
});

it('vouchers that somebody gave back by hand: the sale stays paid, its booking waits for people', async () => {
  const request = await chargeWithVoucher('04');
  await startCharge(bench.deps, bench.till, request);
  await bench.deps.db.execute(sql`
    update voucher set left_fen = 300, held_fen = 0 where member_id = ${request.memberId}`);
  await bench.deps.db.execute(sql`
    update voucher_reservation set state = 'released' where order_id = ${request.orderId}`);
  await bench.runUntilQuiet();
  const [parked] = await listParkedBookings(bench.deps.db, bench.till);
  expect(parked).toMatchObject({ orderId: request.orderId, netFen: 934 });
  expect(parked?.why).toContain('voucher-reservation-invalid');
  expect(await rebookOnce(bench.deps)).toBe(0);
  // People put the reservation right; the next round books it.
  await bench.deps.db.execute(sql`
    update voucher set left_fen = 0, held_fen = 300 where member_id = ${request.memberId}`);
  await bench.deps.db.execute(sql`
    update voucher_reservation set state = 'held' where order_id = ${request.orderId}`);
  expect(await rebookOnce(bench.deps)).toBe(1);
  expect(await listParkedBookings(bench.deps.db, bench.till)).toEqual([]);
});
