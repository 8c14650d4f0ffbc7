import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import type { ChargeStatus } from '#shared/wire/v1/charges.ts';
import { proveLaws } from '#cloud/ledger/proofs.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import type { PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { billLaws } from '#cloud/reconciliation/bill-laws.ts';
import { runBillsOnce } from '#cloud/reconciliation/bill-worker.ts';
import { breaksPerPageMax, listBreaks } from '#cloud/reconciliation/breaks/break-store.ts';
import { fetchBill } from '#cloud/reconciliation/fetch-bill.ts';
import {
  openUnionpayBench,
  unionpayMerchantNo,
} from '#cloud/reconciliation/testing/unionpay-bench.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';

/** UnionPay's day ends at 23:00: what its bills say of the last hour, and of what no query decides. */
let bench: PaymentBench;
beforeAll(async () => {
  bench = await openUnionpayBench();
});
afterAll(() => bench.close());

const hourMs = 3_600_000;
let codes = 0;
async function sell(suffix: string, amountFen = 5_000): Promise<ChargeRequest> {
  codes += 1;
  const authCode = `62${String(codes).padStart(15, '0')}${suffix}`;
  const request = bench.request(suffix, { amountFen, wallet: 'unionpay', authCode });
  getOrThrow(await startCharge(bench.deps, bench.till, request));
  return request;
}
const numberOf = ({ orderId }: ChargeRequest): string => outTradeNo(orderId as OrderId, 1);

/** A day of its own for every test, at this hour. */
function dayAt(hours: number): string {
  const date = addDays(accountingDate(bench.clock.nowMs()), 2);
  bench.clock.advanceTo(dayStartMs(date) + hours * hourMs);
  return date;
}
const at = (date: string, hours: number): void =>
  bench.clock.advanceTo(dayStartMs(date) + hours * hourMs);

const fetchDay = async (date: string) =>
  getOrThrow(
    await fetchBill(bench.deps, {
      operatorId: bench.till.operatorId,
      channel: 'unionpay',
      account: unionpayMerchantNo,
      date,
    }),
  );
async function unsettled(): Promise<readonly string[]> {
  const { operatorId } = bench.till;
  const found = await listBreaks(bench.deps.db, { operatorId, limit: breaksPerPageMax });
  return found.map((one) => `${one.class} ${one.subject} ${one.state} ${one.date}`);
}
const brokenLaws = async () =>
  (await proveLaws(bench.deps.db, { operatorId: bench.till.operatorId, laws: billLaws }))
    .filter(({ holds }) => !holds)
    .map(({ name, violations }) => ({ name, violations }));
async function statusOf({ orderId }: ChargeRequest): Promise<ChargeStatus | undefined> {
  const { rows } = await bench.deps.db.execute<{ status: ChargeStatus }>(
    sql`select status from payment_attempt where order_id = ${orderId}`,
  );
  return rows[0]?.status;
}

it('the hour before midnight is on the bill of the next day, and on its own day nobody misses it', async () => {
  const date = dayAt(12);
  const early = await sell('01');
  at(date, 23.4);
  const late = await sell('01', 7_000);
  const refund = { orderId: early.orderId as OrderId, refundNo: 1, amountFen: 900 };
  await askRefund(bench.deps, bench.till, { ...refund, cashier: '小王', reason: '退货' });
  at(date, 34.5);
  expect(await fetchDay(date)).toMatchObject({ rowCount: 1 });
  expect(await unsettled()).toEqual([]);
  expect(await brokenLaws()).toEqual([]);
  const next = addDays(date, 1);
  at(next, 34.5);
  expect(await fetchDay(next)).toMatchObject({ rowCount: 2 });
  expect(await unsettled()).toEqual([]);
  expect(await brokenLaws()).toEqual([]);
  expect(await statusOf(late)).toBe('paid');
});

it('what is missing of that hour is missing on the next day’s bill, sale and refund', async () => {
  const date = dayAt(12);
  const sold = await sell('01');
  at(date, 23.4);
  const late = await sell('01');
  const refund = { orderId: sold.orderId as OrderId, refundNo: 1, amountFen: 900 };
  await askRefund(bench.deps, bench.till, { ...refund, cashier: '小王', reason: '退货' });
  bench.simulator.bills.setMismatches([
    { type: 'missing-on-theirs', outTradeNo: numberOf(late) },
    { type: 'refund-missing', outTradeNo: numberOf(sold) },
  ]);
  const next = addDays(date, 1);
  // Nothing is left on that day's bill, and a day with a sale is believed to have none only when two days are over.
  at(next, 72);
  await fetchDay(date);
  expect(await unsettled()).toEqual([]);
  await fetchDay(next);
  expect((await unsettled()).toSorted()).toEqual([
    `bank-miss ${numberOf(late)} open ${next}`,
    `refund-miss ${numberOf(sold)}T1 open ${next}`,
  ]);
  bench.simulator.bills.setMismatches([]);
  await fetchDay(next);
  expect(await unsettled()).toEqual([]);
  expect(await brokenLaws()).toEqual([]);
});

it('minutes before 23:00 it waits for the next bill, as others do before midnight', async () => {
  const date = dayAt(22.75);
  const sold = await sell('01');
  bench.simulator.bills.setMismatches([{ type: 'missing-on-theirs', outTradeNo: numberOf(sold) }]);
  at(date, 34.5);
  await fetchDay(date);
  expect(await unsettled()).toEqual([`bank-miss ${numberOf(sold)} waiting ${date}`]);
  bench.simulator.bills.setMismatches([]);
  await fetchDay(date);
  expect(await unsettled()).toEqual([]);
});

/** What the worker does, until nothing is left to do. */
async function billsUntilNone(): Promise<void> {
  const deps = { ...bench.cloud.deps, ...bench.deps };
  for (let steps = 0; steps < 50; steps += 1) if ((await runBillsOnce(deps)) === 0) return;
  throw new Error('the bills never end');
}

it('a file that is not there is late where the day has charges: nothing is missed and nobody’s charge is ended, until two days are over', async () => {
  const date = dayAt(12);
  const doubtful = await sell('13');
  at(date, 34.6);
  await billsUntilNone();
  const key = {
    operatorId: bench.till.operatorId,
    channel: 'unionpay',
    account: unionpayMerchantNo,
  };
  const late = { ok: false, error: { type: 'bill-not-ready', why: '98' } };
  expect(await fetchBill(bench.deps, { ...key, date })).toMatchObject(late);
  const next = addDays(date, 1);
  at(next, 12);
  const sold = await sell('01');
  bench.simulator.bills.setMismatches([{ type: 'missing-on-theirs', outTradeNo: numberOf(sold) }]);
  at(next, 34.6);
  await billsUntilNone();
  expect(await fetchBill(bench.deps, { ...key, date: next })).toMatchObject(late);
  expect(['failed', 'reversed']).not.toContain(await statusOf(doubtful));
  expect(await unsettled()).toEqual([]);
  bench.simulator.bills.setMismatches([]);
  expect(await fetchDay(next)).toMatchObject({ rowCount: 1 });
  at(date, 71);
  await billsUntilNone();
  expect(['failed', 'reversed']).toContain(await statusOf(doubtful));
  expect(await unsettled()).toEqual([]);
  expect(await brokenLaws()).toEqual([]);
});

it('the nightly task fetches them, and they end what no query could: code 13 was never paid', async () => {
  const date = dayAt(12);
  const doubtful = await sell('13');
  await sell('01');
  at(date, 34.6);
  await billsUntilNone();
  expect(await statusOf(doubtful)).not.toBe('failed');
  at(addDays(date, 1), 34.6);
  await billsUntilNone();
  expect(['failed', 'reversed']).toContain(await statusOf(doubtful));
  const { rows } = await bench.deps.db.execute(sql`
    select account, bill_date::text as date from bill
     where channel = 'unionpay' and bill_date >= ${date}::date order by bill_date`);
  expect(rows).toEqual([
    { account: unionpayMerchantNo, date },
    { account: unionpayMerchantNo, date: addDays(date, 1) },
  ]);
  expect(await unsettled()).toEqual([]);
  expect(await brokenLaws()).toEqual([]);
});
