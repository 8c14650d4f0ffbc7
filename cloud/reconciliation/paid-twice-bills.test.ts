import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildApp } from '#cloud/app.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { findAttempt } from '#cloud/payments/attempt-store.ts';
import { paidOrderOf } from '#cloud/payments/booking/book-attempt.ts';
import { bookWaitingOnce } from '#cloud/payments/booking/booking-desk.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { proveBooks } from '#cloud/proof/proof-run.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';

/** The channel's bills tell of a charge that was paid beside other money, before and after people decided about it. */
let bench: PaymentBench;
let app: CloudApp;
let keys: readonly [string, string];
beforeAll(async () => {
  bench = await createPaymentBench();
  const { deps } = bench.cloud;
  app = await buildApp(deps, { payments: bench.deps, onJournalTaken: () => {} });
  keys = [(await makePerson(deps, '甲')).key, (await makePerson(deps, '乙')).key];
  bench.clock.advance(personAgeMsMin);
});
afterAll(async () => {
  await app.close();
  await bench.close();
});

type Json = Readonly<Record<string, unknown>>;
async function post(url: string, payload: object, key = keys[0]) {
  const answer = await app.inject({
    method: 'POST',
    url: `/admin/v1/${url}`,
    headers: {
      authorization: `Bearer ${bench.cloud.deps.operatorToken}`,
      'x-person-key': key,
    },
    payload,
  });
  return { status: answer.statusCode, body: answer.json<Json>() };
}
const today = () => accountingDate(bench.clock.nowMs());
/** At noon of the next day. */
const nextDay = () => bench.clock.advanceTo(dayStartMs(addDays(today(), 1)) + 12 * 3_600_000);
const billOf = async (date: string) =>
  expect(await post('bills', { channel: 'wechat', date })).toMatchObject({ status: 200 });

async function paidTwice(): Promise<string> {
  nextDay();
  const dying = bench.restarted();
  dying.bookings.attend({ wake: () => {} });
  const request = bench.request('01');
  getOrThrow(await startCharge(dying, bench.till, request));
  const { operatorId } = bench.till;
  const key = { operatorId, orderId: request.orderId as OrderId, attempt: 1 };
  const attempt = (await findAttempt(bench.deps.db, key))!;
  const cash = { source: 'cash', channel: 'cash' } as const;
  const sale = { ...paidOrderOf(attempt, bench.clock.nowMs()), ...cash };
  await bench.deps.db.transaction(async (tx) => void getOrThrow(await bookPaidOrders(tx, [sale])));
  await runScoped({ type: 'across', work: 'payments' }, () => bookWaitingOnce(bench.restarted()));
  return request.orderId;
}
async function decide(orderId: string, verdict: 'give-back' | 'keep'): Promise<void> {
  const why = '现金是补录的，渠道确实扣了款';
  const proposed = await post(`charges/${orderId}/1/paid-twice`, { verdict, why });
  const { actNo } = proposed.body;
  const agreed = await post(`acts/${String(actNo)}/agree`, { note: '已核对' }, keys[1]);
  expect(agreed.status).toBe(200);
}
const breaksOf = async (orderId: string): Promise<readonly Json[]> => {
  const { rows } = await bench.deps.db.execute<Json>(sql`
    select class, state, resolved_how, break_no from bill_break where order_id = ${orderId}
     order by break_no`);
  return rows;
};
const broken = async (): Promise<readonly string[]> => {
  const { operatorId } = bench.till;
  const proofs = await proveBooks({ db: bench.deps.db, operatorId });
  return proofs.filter(({ holds }) => !holds).map(({ name }) => name);
};

it.each([0, 1, 20])(
  'given back %i days after its bill: the break ends by the bill of the way back, no correction comes between, none is invented',
  async (days) => {
    const orderId = await paidTwice();
    const paidOn = today();
    nextDay();
    await billOf(paidOn);
    const [found] = await breaksOf(orderId);
    expect(found).toMatchObject({ class: 'short-by-status', state: 'open' });
    const steps = `breaks/${String(found!['break_no'])}/steps`;
    const correction = { step: 'propose', how: 'correct-merchant', note: '渠道多收' };
    expect((await post(steps, correction)).status).toBe(200);
    expect(await post(steps, { step: 'confirm', note: '同意' }, keys[1])).toMatchObject({
      body: { code: 'break-paid-twice' },
    });
    for (let day = 0; day < days; day += 1) nextDay();
    const goneBackOn = today();
    await decide(orderId, 'give-back');
    await bench.runUntilQuiet();
    nextDay();
    await billOf(goneBackOn);
    expect(await breaksOf(orderId)).toMatchObject([
      { class: 'short-by-status', state: 'resolved', resolved_how: 'later-bill' },
    ]);
    expect(await broken()).toEqual([]);
  },
);

it('given back before its bill came: the bill tells of both, and there is no break', async () => {
  const orderId = await paidTwice();
  const paidOn = today();
  await decide(orderId, 'give-back');
  await bench.runUntilQuiet();
  nextDay();
  await billOf(paidOn);
  expect(await breaksOf(orderId)).toEqual([]);
  expect(await broken()).toEqual([]);
});

it('kept: its bill is what the books say, whether it came before or after', async () => {
  const [before, after] = [await paidTwice(), await paidTwice()];
  const paidOn = today();
  await billOf(addDays(paidOn, -1));
  expect(await breaksOf(before)).toMatchObject([{ class: 'short-by-status', state: 'open' }]);
  await decide(before, 'keep');
  await decide(after, 'keep');
  nextDay();
  await billOf(paidOn);
  expect(await breaksOf(before)).toMatchObject([
    { state: 'resolved', resolved_how: 'books-follow' },
  ]);
  expect(await breaksOf(after)).toEqual([]);
  expect(await broken()).toEqual([]);
});
