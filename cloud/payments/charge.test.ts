import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { ChargeRequest, ChargeStatus } from '#shared/wire/v1/charges.ts';
import type { BookLine } from '#cloud/channel-simulator/protocol.ts';
import { readResults } from '#cloud/orders/results.ts';
import type { AttemptKey } from '#cloud/payments/attempt.ts';
import { cancelCharge, readCharge, startCharge } from '#cloud/payments/charge.ts';
import { runPaymentsOnce } from '#cloud/payments/payment-worker.ts';
import {
  createPaymentBench,
  wechatRoutes,
  type PaymentBench,
} from '#cloud/payments/testing/payment-bench.ts';

let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());
beforeEach(() => bench.simulator.setFaults(() => 'none'));

const keyOf = (request: ChargeRequest): AttemptKey => ({
  operatorId: bench.till.operatorId,
  orderId: request.orderId as OrderId,
  attempt: request.attempt,
});

async function charge(request: ChargeRequest) {
  const started = await startCharge(bench.deps, bench.till, request);
  if (!started.ok) throw new Error(started.error.code);
  return started.value;
}

async function statusOf(request: ChargeRequest): Promise<ChargeStatus> {
  const read = await readCharge(bench.deps, bench.till, keyOf(request));
  if (!read.ok) throw new Error(read.error.code);
  return read.value.status;
}

const bookedIn = (request: ChargeRequest): BookLine | undefined =>
  bench.simulator
    .books()
    .find((line) => line.outTradeNo === outTradeNo(request.orderId as OrderId, request.attempt));

async function settlementLines(request: ChargeRequest): Promise<number> {
  const { rows } = await bench.deps.db.execute(
    sql`select 1 from settlement_line where order_id = ${request.orderId}`,
  );
  return rows.length;
}

async function resultsOf(request: ChargeRequest) {
  const all = await readResults(bench.deps.db, { ...bench.till, afterCursor: 0 });
  return all.results.filter((result) => result.orderId === request.orderId);
}

describe('every suffix, end to end', () => {
  it('01: paid, booked once, told to the till once', async () => {
    const request = bench.request('01');
    expect(await charge(request)).toMatchObject({ status: 'paid', channel: 'wechat' });
    expect(bookedIn(request)).toMatchObject({ state: 'SUCCESS', amountFen: 1_234 });
    expect(await settlementLines(request)).toBe(1);
    expect(await resultsOf(request)).toMatchObject([
      { result: 'paid', attempt: 1, channelRef: bookedIn(request)?.transactionId },
    ]);
    expect(bench.hinted).toContain(bench.till.terminalId);
  });

  it('02: waits for the password and is paid by a query', async () => {
    const request = bench.request('02');
    const first = await charge(request);
    expect(first).toMatchObject({ status: 'waiting-payer', code: 'payer-confirming' });
    await bench.runUntilQuiet();
    expect(await statusOf(request)).toBe('paid');
    expect(await settlementLines(request)).toBe(1);
  });

  it('03: never pays; reversed at the deadline, nothing taken', async () => {
    const request = bench.request('03', { wallet: 'alipay' });
    const started = bench.clock.nowMs();
    expect(await charge(request)).toMatchObject({ deadlineMs: started + 60_000 });
    await bench.runUntilQuiet();
    expect(await statusOf(request)).toBe('reversed');
    expect(bench.clock.nowMs() - started).toBe(60_000);
    expect(bookedIn(request)).toMatchObject({ state: 'CLOSED', refundedFen: 0 });
    expect(await settlementLines(request)).toBe(0);
    expect(await resultsOf(request)).toMatchObject([{ result: 'reversed', code: 'payer-gave-up' }]);
  });

  it('04: the answer says unknown, the query says paid', async () => {
    const request = bench.request('04');
    expect(await charge(request)).toMatchObject({ status: 'unknown', code: 'channel-unknown' });
    await bench.runUntilQuiet();
    expect(await statusOf(request)).toBe('paid');
  });

  it('05: unknown and not paid; closed as soon as a reversal is allowed', async () => {
    const request = bench.request('05');
    const started = bench.clock.nowMs();
    expect(await charge(request)).toMatchObject({ status: 'unknown' });
    await bench.runUntilQuiet();
    expect(await statusOf(request)).toBe('reversed');
    expect(bench.clock.nowMs() - started).toBeLessThanOrEqual(20_000);
  });

  it.each([
    ['06', 'payment-code-expired'],
    ['12', 'payer-balance'],
  ])('%s: definitely failed, with words for the till', async (suffix, code) => {
    const request = bench.request(suffix);
    expect(await charge(request)).toMatchObject({ status: 'failed', code });
    expect(await resultsOf(request)).toMatchObject([{ result: 'failed', code }]);
    expect(bookedIn(request)).toBeUndefined();
  });

  it('07: the answer is cut off after booking; found by a query, not charged again', async () => {
    const request = bench.request('07');
    expect(await charge(request)).toMatchObject({ status: 'unknown' });
    await bench.runUntilQuiet();
    expect(await statusOf(request)).toBe('paid');
    expect(await settlementLines(request)).toBe(1);
  });

  it('a code that was used is refused by the channel and never charged', async () => {
    const first = bench.request('01');
    await charge(first);
    const second = bench.request('01', { authCode: first.authCode });
    expect(await charge(second)).toMatchObject({ status: 'failed', code: 'payment-code-used' });
  });
});

it('08: an answer slower than the read timeout is unknown, then found paid', async () => {
  const slow = await createPaymentBench({
    timing: { chargeReadTimeoutMs: 300 },
    simulator: { slowAnswerMs: 2_000 },
  });
  const request = slow.request('10');
  const started = await startCharge(slow.deps, slow.till, request);
  expect(started).toMatchObject({ ok: true, value: { status: 'unknown' } });
  await slow.runUntilQuiet();
  const key = { ...slow.till, orderId: request.orderId as OrderId, attempt: 1 };
  expect(await readCharge(slow.deps, slow.till, key)).toMatchObject({ value: { status: 'paid' } });
  await slow.close();
});

describe('repetition and races', () => {
  it('the same request twice at once charges once and answers both', async () => {
    const request = bench.request('01');
    const before = bench.simulator.requestCounts().get(wechatRoutes.pay) ?? 0;
    const both = await Promise.all([1, 2].map(() => startCharge(bench.deps, bench.till, request)));
    expect(both.every((one) => one.ok)).toBe(true);
    expect(bench.simulator.requestCounts().get(wechatRoutes.pay)).toBe(before + 1);
    expect(await charge(request)).toMatchObject({ status: 'paid' });
    expect(await settlementLines(request)).toBe(1);
  });

  it.each([
    ['amount', { amountFen: 9_999 }],
    ['code', { authCode: '139999999999999901' }],
    ['member', { memberId: 'mbr_01ARZ3NDEKTSV4RRFFQ69G5FAV' }],
  ])('the same number with another %s is refused', async (_what, change) => {
    const request = bench.request('01');
    await charge(request);
    expect(await startCharge(bench.deps, bench.till, { ...request, ...change })).toEqual({
      ok: false,
      error: { code: 'idempotency-mismatch' },
    });
  });

  it('of two attempts at once one starts, the other is refused', async () => {
    const first = bench.request('03');
    const second = bench.request('01', { orderId: first.orderId, attempt: 2 });
    const both = await Promise.all(
      [first, second].map((r) => startCharge(bench.deps, bench.till, r)),
    );
    const refused = both.filter((one) => !one.ok);
    expect(refused).toEqual([
      {
        ok: false,
        error: { code: expect.stringMatching(/^(attempt-in-flight|order-already-paid)$/) },
      },
    ]);
    await bench.runUntilQuiet();
  });

  it('a new attempt starts only after the last one is definite', async () => {
    const first = bench.request('05');
    await charge(first);
    const second = bench.request('01', { orderId: first.orderId, attempt: 2 });
    expect(await startCharge(bench.deps, bench.till, second)).toMatchObject({
      error: { code: 'attempt-in-flight' },
    });
    await bench.runUntilQuiet();
    expect(await charge(second)).toMatchObject({ status: 'paid' });
    const third = bench.request('01', { orderId: first.orderId, attempt: 3 });
    expect(await startCharge(bench.deps, bench.till, third)).toMatchObject({
      error: { code: 'order-already-paid' },
    });
  });

  it('another till sees neither the charge nor may it cancel it', async () => {
    const request = bench.request('03');
    await charge(request);
    const other = { ...bench.till, terminalId: 'trm_01ARZ3NDEKTSV4RRFFQ69G5FAV' as never };
    const refused = { ok: false, error: { code: 'charge-not-found' } };
    expect(await readCharge(bench.deps, other, keyOf(request))).toEqual(refused);
    expect(await cancelCharge(bench.deps, other, keyOf(request))).toEqual(refused);
    await bench.runUntilQuiet();
  });
});

describe('cancelling', () => {
  it('a waiting payer: reversed, not before 15 s', async () => {
    const request = bench.request('03');
    const started = bench.clock.nowMs();
    await charge(request);
    bench.clock.advance(3_000);
    expect(await cancelCharge(bench.deps, bench.till, keyOf(request))).toMatchObject({
      value: { status: 'reversing' },
    });
    await bench.runUntilQuiet();
    expect(await statusOf(request)).toBe('reversed');
    expect(bench.clock.nowMs() - started).toBe(15_500);
    expect(await resultsOf(request)).toMatchObject([{ code: 'cancelled-by-cashier' }]);
  });

  it('late success: cancelled, found paid, refunded by itself, never booked', async () => {
    const request = bench.request('04');
    await charge(request);
    await cancelCharge(bench.deps, bench.till, keyOf(request));
    await bench.runUntilQuiet();
    expect(await statusOf(request)).toBe('refunded-late');
    expect(bookedIn(request)).toMatchObject({ state: 'REFUND', refundedFen: 1_234 });
    expect(await settlementLines(request)).toBe(0);
    expect(await resultsOf(request)).toMatchObject([{ result: 'refunded-late' }]);
  });

  it('a paid charge stays paid', async () => {
    const request = bench.request('01');
    await charge(request);
    expect(await cancelCharge(bench.deps, bench.till, keyOf(request))).toMatchObject({
      value: { status: 'paid' },
    });
    await bench.runUntilQuiet();
    expect(bookedIn(request)?.state).toBe('SUCCESS');
  });

  it('a cancel while the charge is on the line wins over the payment', async () => {
    const request = bench.request('01');
    const charging = startCharge(bench.deps, bench.till, request);
    // A cancel that is there before the charge closes its number (stray-charge.test.ts): this one
    // comes after.
    while (!(await readCharge(bench.deps, bench.till, keyOf(request))).ok);
    const cancelled = getOrThrow(await cancelCharge(bench.deps, bench.till, keyOf(request)));
    await charging;
    await bench.runUntilQuiet();
    const status = await statusOf(request);
    const booked = status === 'paid' ? 1 : 0;
    expect(['paid', 'refunded-late']).toContain(status);
    expect(cancelled.status === 'paid').toBe(status === 'paid');
    expect(await settlementLines(request)).toBe(booked);
    expect(bookedIn(request)?.state).toBe(booked === 1 ? 'SUCCESS' : 'REFUND');
  });
});

describe('lines and answers that lie', () => {
  it('a forged answer is never believed, whatever it says', async () => {
    bench.simulator.setFaults(({ path }) => (path === wechatRoutes.pay ? 'forge-answer' : 'none'));
    const request = bench.request('12');
    expect(await charge(request)).toMatchObject({ status: 'unknown' });
    await bench.runUntilQuiet();
    expect(await statusOf(request)).toBe('reversed');
  });

  it('a charge that never arrived is closed at the channel and may be tried anew', async () => {
    bench.simulator.setFaults(({ path }) => (path === wechatRoutes.pay ? 'lose-request' : 'none'));
    const request = bench.request('01');
    expect(await charge(request)).toMatchObject({ status: 'unknown' });
    bench.simulator.setFaults(() => 'none');
    await bench.runUntilQuiet();
    expect(await statusOf(request)).toBe('reversed');
    const again = bench.request('01', { orderId: request.orderId, attempt: 2 });
    expect(await charge(again)).toMatchObject({ status: 'paid' });
  });

  it('a channel that answers nothing for hours: the janitor gets there in the end', async () => {
    const request = bench.request('04');
    await charge(request);
    bench.simulator.setFaults(() => 'lose-answer');
    const startMs = bench.clock.nowMs();
    while (bench.clock.nowMs() < startMs + 3 * 3_600_000) {
      await runPaymentsOnce(bench.deps);
      bench.clock.advance(30_000);
    }
    expect(await statusOf(request)).toBe('reversing');
    bench.simulator.setFaults(() => 'none');
    await bench.runUntilQuiet();
    expect(await statusOf(request)).toBe('refunded-late');
  });

  it('a refused connection is a definite failure: not one byte left', async () => {
    const gone = await createPaymentBench();
    await gone.simulator.close();
    const started = await startCharge(gone.deps, gone.till, gone.request('01'));
    expect(started).toMatchObject({ value: { status: 'failed', code: 'channel-unreachable' } });
    await gone.cloud.close();
  });
});

describe('restarts', () => {
  it('a cloud that died while charging asks the channel and finds the money', async () => {
    const request = bench.request('07');
    await charge(request);
    const reborn = bench.restarted();
    bench.clock.advance(5_000);
    while ((await runPaymentsOnce(reborn)) === 0) bench.clock.advance(1_000);
    expect(await statusOf(request)).toBe('paid');
  });

  it('a worker that died with a lease is replaced when the lease is over', async () => {
    const request = bench.request('04');
    await charge(request);
    bench.clock.advance(5_000);
    await bench.deps.db.execute(sql`
      update payment_attempt set lease_until_ms = ${bench.clock.nowMs() + 30_000}
       where order_id = ${request.orderId}`);
    expect(await runPaymentsOnce(bench.deps)).toBe(0);
    bench.clock.advance(30_000);
    expect(await runPaymentsOnce(bench.deps)).toBe(1);
    expect(await statusOf(request)).toBe('paid');
  });

  it('two workers never take the same attempt', async () => {
    const requests = Array.from({ length: 10 }, () => bench.request('02'));
    for (const request of requests) await charge(request);
    bench.clock.advance(5_000);
    const before = bench.simulator.requestCounts().get(wechatRoutes.query) ?? 0;
    const done = await Promise.all([
      runPaymentsOnce(bench.deps),
      runPaymentsOnce(bench.restarted()),
    ]);
    expect(done[0] + done[1]).toBe(10);
    expect(bench.simulator.requestCounts().get(wechatRoutes.query)).toBe(before + 10);
  });
});
