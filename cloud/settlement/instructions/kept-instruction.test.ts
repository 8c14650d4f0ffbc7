import { afterEach, beforeEach, expect, it } from 'vitest';
import { sql } from 'drizzle-orm';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { findAttempt } from '#cloud/payments/attempt-store.ts';
import { paidOrderOf } from '#cloud/payments/booking/book-attempt.ts';
import { bookWaitingOnce } from '#cloud/payments/booking/booking-desk.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { paidTwiceActs, paidTwiceKind } from '#cloud/payments/paid-twice/decide-paid-twice.ts';
import type { PaidTwiceVerdict } from '#cloud/payments/paid-twice/paid-twice-store.ts';
import { resolutionAfterMs } from '#cloud/payments/payment-machine.ts';
import { runPaymentsOnce } from '#cloud/payments/payment-worker.ts';
import {
  confirmResolution,
  proposeResolution,
} from '#cloud/payments/resolution/resolve-attempt.ts';
import { agreeToAct, proposeAct } from '#cloud/persons/acts.ts';
import { bookRefund } from '#cloud/refunds/book-refund.ts';
import { insertRefund, type KeptRefund } from '#cloud/refunds/refund-store.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { instructKept } from '#cloud/settlement/instructions/kept-instruction.ts';
import {
  createInstructionBench,
  type InstructionBench,
} from '#cloud/settlement/instructions/testing/instruction-bench.ts';
import { settlementsOfDate } from '#cloud/settlement/settlement-day.ts';
import {
  afterMidnightMs,
  makeStatement,
  statementPart,
} from '#cloud/settlement/settlement-statement.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { fen, zeroFen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';

let bench: InstructionBench;
beforeEach(async () => {
  bench = await createInstructionBench();
});
afterEach(() => bench.pay.close());

/** Paid at WeChat, which holds it for splits, and rung up as cash, of so much. */
async function paidTwice(cashFen = 10_000): Promise<OrderId> {
  const { pay } = bench;
  const dying = pay.restarted();
  dying.bookings.attend({ wake: () => {} });
  const request = pay.request('01', { amountFen: 10_000 });
  getOrThrow(await startCharge(dying, pay.till, request));
  const { operatorId } = pay.till;
  const orderId = request.orderId as OrderId;
  const attempt = (await findAttempt(pay.deps.db, { operatorId, orderId, attempt: 1 }))!;
  const cash = { source: 'cash', channel: 'cash' } as const;
  const sums = { amountFen: fen(cashFen), netFen: fen(cashFen) };
  const sale = { ...paidOrderOf(attempt, pay.clock.nowMs()), ...cash, ...sums };
  await pay.deps.db.transaction(async (tx) => void getOrThrow(await bookPaidOrders(tx, [sale])));
  await runScoped({ type: 'across', work: 'payments' }, () => bookWaitingOnce(pay.restarted()));
  return orderId;
}
/** Two people decide, one after the other. */
async function decide(orderId: OrderId, verdict: PaidTwiceVerdict) {
  const { deps, clock, till } = bench.pay;
  const [by, other] = await bench.people();
  const acts = paidTwiceActs({ ...deps, instructKept });
  const { operatorId } = till;
  const act = {
    kind: paidTwiceKind,
    subject: `${orderId}:1`,
    what: { verdict },
    why: '现金是补录的，渠道扣了款',
  };
  return await deps.db.transaction(async (tx) => {
    const nowMs = clock.nowMs();
    const made = await proposeAct(tx, acts, { operatorId, by, nowMs, ...act });
    if (!made.ok) return made;
    const { actNo } = made.value;
    return await agreeToAct(tx, acts, { operatorId, by: other, nowMs, actNo, note: '已核对' });
  });
}
async function decided(verdict: PaidTwiceVerdict): Promise<OrderId> {
  const orderId = await paidTwice();
  getOrThrow(await decide(orderId, verdict));
  return orderId;
}
/** Cash that has left the drawer, as the till's journal tells it. */
async function cashBack(orderId: OrderId, amountFen: number): Promise<KeptRefund> {
  const { deps, till, clock } = bench.pay;
  const { operatorId, merchantId, terminalId } = till;
  const nowMs = clock.nowMs();
  const refund: KeptRefund = {
    operatorId,
    merchantId,
    terminalId,
    orderId,
    refundNo: 1,
    how: 'cash',
    amountFen: fen(amountFen),
    cashFen: fen(amountFen),
    voucherFen: zeroFen,
    cashier: '小王',
    reason: '付了两次',
    businessDate: accountingDate(nowMs),
    askedAtMs: nowMs,
    charge: undefined,
    concessionFen: undefined,
    points: undefined,
    progress: { status: 'booking', fruitlessTries: 0, nextAtMs: nowMs, code: undefined },
  };
  await deps.db.transaction((tx) => insertRefund(tx, refund));
  return refund;
}
const booked = (refund: KeptRefund) =>
  bench.pay.deps.db.transaction(async (tx) => {
    getOrThrow(await bookRefund(tx, refund, bench.pay.clock.nowMs()));
  });
const frozenFen = (): number => {
  const { simulator, clock } = bench.pay;
  return simulator
    .books()
    .map((line) => simulator.money.splits.frozenFen(line.transactionId, clock.nowMs()))
    .reduce<number>((sum, one) => sum + (typeof one === 'number' ? one : 0), 0);
};

it('kept: the channel lets go of all of it, once, and the merchant’s statement and day say so', async () => {
  const orderId = await decided('keep');
  expect(frozenFen()).toBe(10_000);
  expect(await bench.instructions(orderId)).toMatchObject([
    { kind: 'release', state: 'ready', amount_fen: 10_000 },
  ]);
  expect(await bench.broken()).toEqual([]);
  await bench.settle();
  expect(await bench.instructions(orderId)).toMatchObject([{ kind: 'release', state: 'done' }]);
  expect(frozenFen()).toBe(0);
  expect(await bench.balance('channel_clearing')).toBe(0);
  expect(await bench.balance('merchant_payable')).toBe(0);
  const { operatorId, merchantId } = bench.pay.till;
  const { db } = bench.pay.deps;
  const { rows } = await db.execute<{ at: number }>(
    sql`select ended_at_ms as at from paid_twice where order_id = ${orderId}`,
  );
  const ledgerDate = accountingDate(rows[0]!.at);
  const [day] = await settlementsOfDate(db, { operatorId, ledgerDate });
  expect(day).toMatchObject({ orderCount: 1, cashFen: 10_000, sameDayFen: 10_000, refundCount: 0 });
  bench.pay.clock.advanceTo(dayStartMs(addDays(ledgerDate, 1)) + afterMidnightMs);
  const key = { operatorId, merchantId, ledgerDate };
  const made = getOrThrow(await makeStatement(db, key, bench.pay.clock.nowMs()));
  expect(made.rowCount).toBe(2);
  const csv = await statementPart(db, { ...key, partNo: 2 });
  const kept = csv.split('\r\n').find((line) => line.includes('paid-twice-kept'));
  expect(kept?.split(',')).toContain('10000');
  expect(kept).toContain('保留款解冻:完成');
  expect(await bench.broken()).toEqual([]);
});

it('given back: nothing is instructed, and what the channel held is the customer’s again', async () => {
  const orderId = await decided('give-back');
  expect(await bench.instructions(orderId)).toEqual([]);
  await bench.pay.runUntilQuiet();
  await bench.settle();
  expect(await bench.instructions(orderId)).toEqual([]);
  const line = bench.pay.simulator.books().find((one) => one.refundedFen > 0);
  expect(line).toMatchObject({ amountFen: 10_000, refundedFen: 10_000 });
  expect(await bench.balance('payer_due')).toBe(0);
  expect(await bench.broken()).toEqual([]);
});

it('kept after all, because the channel would not give it back: the channel lets go of it too', async () => {
  const { pay } = bench;
  const orderId = await decided('give-back');
  pay.simulator.setFaults(() => 'lose-request');
  const untilMs = pay.clock.nowMs() + resolutionAfterMs;
  while (pay.clock.nowMs() < untilMs) {
    pay.clock.advance(3_600_000);
    await runPaymentsOnce(pay.restarted());
  }
  const key = { operatorId: pay.till.operatorId, orderId, attempt: 1 };
  const { channelRef, paidAtMs } = (await findAttempt(pay.deps.db, key))!.progress;
  // Of what the channel had said itself, nothing that people type takes the place.
  const verdict = { type: 'paid', channelRef: 'BANK-1', paidAtMs: pay.clock.nowMs() } as const;
  const evidence = '渠道多次拒绝退款，已转账退给顾客，流水 20271001';
  const [one, two] = await bench.people();
  getOrThrow(await proposeResolution(pay.deps, key, { verdict, evidence, by: one }));
  const deps = { ...pay.deps, instructKept };
  getOrThrow(await confirmResolution(deps, key, { by: two, note: '已复核' }));
  pay.simulator.setFaults(() => 'none');
  const kept = (await findAttempt(pay.deps.db, key))!.progress;
  expect(kept).toMatchObject({ status: 'paid', channelRef, paidAtMs });
  expect(await bench.instructions(orderId)).toMatchObject([
    { kind: 'release', state: 'ready', amount_fen: 10_000 },
  ]);
  expect(await bench.broken()).toEqual([]);
  await bench.settle();
  expect(frozenFen()).toBe(0);
  expect(await bench.balance('merchant_payable')).toBe(0);
  expect(await bench.broken()).toEqual([]);
});

it.each([10_000, 9_000])(
  'kept because the cash (%i) went back at the till: the channel lets go of all of the charge, whatever went back of the other money',
  async (cashFen) => {
    const orderId = await paidTwice(cashFen);
    await booked(await cashBack(orderId, cashFen));
    getOrThrow(await decide(orderId, 'keep-refunded'));
    expect(await bench.broken()).toEqual([]);
    await bench.settle();
    expect(await bench.instructions(orderId)).toMatchObject([
      { kind: 'release', state: 'done', amount_fen: 10_000 },
    ]);
    expect(frozenFen()).toBe(0);
    expect(await bench.balance('channel_clearing')).toBe(0);
    expect(await bench.balance('merchant_payable')).toBe(0);
    expect(await bench.broken()).toEqual([]);
  },
);

it('kept, and cash of it is given back before the channel was told: it lets go of all of it all the same', async () => {
  const orderId = await decided('keep');
  await booked(await cashBack(orderId, 4_000));
  await bench.settle();
  expect(await bench.instructions(orderId)).toMatchObject([
    { kind: 'release', state: 'done', amount_fen: 10_000 },
  ]);
  expect(frozenFen()).toBe(0);
  expect(await bench.balance('merchant_payable')).toBe(0);
  expect(await bench.broken()).toEqual([]);
});

it('is not kept while cash of it is on its way back: that money was there', async () => {
  const orderId = await paidTwice();
  await cashBack(orderId, 10_000);
  expect(await decide(orderId, 'keep')).toMatchObject({
    ok: false,
    error: { code: 'paid-twice-not-keepable' },
  });
  expect(await decide(orderId, 'give-back')).toMatchObject({ ok: true });
});
