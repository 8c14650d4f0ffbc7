import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { billLaws } from '#cloud/reconciliation/bill-laws.ts';
import { breakCsv } from '#cloud/reconciliation/breaks/break-csv.ts';
import { breakHistory, listBreaks } from '#cloud/reconciliation/breaks/break-store.ts';
import { runBillsOnce } from '#cloud/reconciliation/bill-worker.ts';
import { fetchBill } from '#cloud/reconciliation/fetch-bill.ts';
import { stepBreak } from '#cloud/reconciliation/breaks/step-break.ts';

let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());
afterEach(() => {
  bench.simulator.bills.setMismatches([]);
  bench.simulator.setFaults(() => 'none');
});

const numberOf = (request: ChargeRequest): string =>
  outTradeNo(request.orderId as OrderId, request.attempt);

async function sell(suffix: string): Promise<ChargeRequest> {
  const request = bench.request(suffix, { amountFen: 8_000 });
  const started = await startCharge(bench.deps, bench.till, request);
  if (!started.ok) throw new Error(started.error.code);
  return request;
}

/** Goes on to a time of the next Shanghai day, and says which day that is. */
function nextDay(atMs = 12 * 3_600_000): string {
  const date = addDays(accountingDate(bench.clock.nowMs()), 1);
  bench.clock.advanceTo(dayStartMs(date) + atMs);
  return date;
}

/** What the worker does at 10:30 of the day after, until nothing is left to do. */
async function billOf(date: string): Promise<void> {
  bench.clock.advanceTo(Math.max(bench.clock.nowMs(), dayStartMs(date) + 34.5 * 3_600_000 + 1_000));
  const deps = { ...bench.cloud.deps, ...bench.deps };
  for (let steps = 0; steps < 20; steps += 1) if ((await runBillsOnce(deps)) === 0) return;
  throw new Error('the bills never end');
}

const breaks = async () =>
  await listBreaks(bench.deps.db, { operatorId: bench.till.operatorId, limit: 100 });

const broken = async () => {
  const laws = [...ledgerLaws, ...billLaws].filter(({ name }) => name !== 'transit-is-empty');
  const proved = await proveLaws(bench.deps.db, { operatorId: bench.till.operatorId, laws });
  return proved.filter(({ holds }) => !holds).map(({ name }) => name);
};

const statusOf = async (request: ChargeRequest) => {
  const { rows } = await bench.deps.db.execute<{ status: string }>(
    sql`select status from payment_attempt where order_id = ${request.orderId}`,
  );
  return rows[0]?.status;
};

it('a payment a second before midnight that is missing waits for the next bill, and only then is a break', async () => {
  const date = nextDay(86_399_000);
  const late = await sell('01');
  bench.simulator.bills.setMismatches([{ type: 'missing-on-theirs', outTradeNo: numberOf(late) }]);
  await billOf(date);
  expect(await breaks()).toMatchObject([{ class: 'bank-miss', state: 'waiting' }]);
  expect(await broken()).toEqual([]);
  await billOf(addDays(date, 1));
  expect(await breaks()).toMatchObject([{ class: 'bank-miss', state: 'open' }]);
  expect(await broken()).toEqual(['bill-equals-ledger', 'differences-are-explained']);
  const [found] = await breaks();
  await stepBreak(bench.deps, found!, {
    step: 'propose',
    how: 'correct-merchant',
    by: 'a',
    note: 'x',
  });
  expect(
    getOrThrow(await stepBreak(bench.deps, found!, { step: 'confirm', by: 'b', note: 'y' })),
  ).toBe(undefined);
  expect(await broken()).toEqual([]);
});

describe('two people', () => {
  it('are needed for a correction, which is booked once; what is settled stays so', async () => {
    const date = nextDay();
    const sale = await sell('01');
    bench.simulator.bills.setMismatches([
      { type: 'amount-differs', outTradeNo: numberOf(sale), byFen: -300 },
    ]);
    await billOf(date);
    const [found] = await breaks();
    expect(found).toMatchObject({ class: 'long-by-amount', billFen: 7_700, ourFen: 8_000 });
    const step = (what: Parameters<typeof stepBreak>[2]) => stepBreak(bench.deps, found!, what);
    expect(await step({ step: 'take', by: 'anna', note: 'mine' })).toMatchObject({ ok: true });
    expect(await step({ step: 'accept', by: 'anna', note: 'x' })).toMatchObject({
      error: 'break-step-refused',
    });
    expect(await step({ step: 'confirm', by: 'bo', note: 'x' })).toMatchObject({
      error: 'break-step-refused',
    });
    const proposal = { step: 'propose', how: 'correct-platform', by: 'anna', note: 'x' } as const;
    expect(await step(proposal)).toMatchObject({ ok: true });
    expect(await step({ step: 'confirm', by: 'anna', note: 'x' })).toMatchObject({
      error: 'resolution-same-person',
    });
    const confirmed = await Promise.all(
      ['bo', 'cy', 'di'].map((by) => step({ step: 'confirm', by, note: 'seen' })),
    );
    expect(confirmed.filter(({ ok }) => ok)).toHaveLength(1);
    const { rows } = await bench.deps.db.execute<{ account: string; fen: number }>(sql`
      select account, amount_fen as fen from ledger_entry e join ledger_txn t using (operator_id, txn_no)
       where t.idem_key = ${`bill-break:${found!.breakNo}:${found!.billNo}`} order by 1`);
    expect(rows).toEqual([
      { account: 'channel_clearing', fen: 300 },
      { account: 'guarantee_loss', fen: -300 },
      { account: 'merchant_payable', fen: -300 },
      { account: 'operating_cash', fen: 300 },
    ]);
    expect(await broken()).toEqual([]);
    const history = await breakHistory(bench.deps.db, found!);
    expect(history.map(({ what }) => what)).toEqual([
      'found',
      'take',
      'propose',
      'correct-platform',
    ]);
    expect(breakCsv([found!])).toContain('"平台长款，金额不符：我方入账多于账单"');
  });

  it('give back what a failed charge took after all: through the payment machine, to the payer', async () => {
    const date = nextDay();
    const sale = await sell('12');
    const { merchantNo } = bench;
    bench.simulator.bills.setMismatches([
      { type: 'missing-on-ours', outTradeNo: numberOf(sale), amountFen: 8_000, merchantNo },
    ]);
    bench.clock.advanceTo(dayStartMs(date) + 34.5 * 3_600_000);
    // Only this day's bill: the simulator invents its line on every day that is asked for.
    getOrThrow(
      await fetchBill(bench.deps, { ...bench.till, channel: 'wechat', account: '', date }),
    );
    const [found] = await breaks();
    expect(found).toMatchObject({ class: 'short-by-status', billFen: 8_000, ourFen: 0 });
    await stepBreak(bench.deps, found!, { step: 'propose', how: 'give-back', by: 'a', note: 'x' });
    await stepBreak(bench.deps, found!, { step: 'confirm', by: 'b', note: 'x' });
    expect(await statusOf(sale)).toBe('reversing');
    await bench.runUntilQuiet();
    expect(await statusOf(sale)).toBe('reversed');
  });
});

it('taken after the channel answered "closed", and nobody told: the bill names it, two people give it back', async () => {
  const date = nextDay();
  // Long enough for the end to stand first: WeChat Pay says by a query what a reversal came to.
  bench.simulator.setRules({ paysOnceClosedAfterMs: 500 });
  const sale = await sell('17');
  await bench.runUntilQuiet();
  expect(await statusOf(sale)).toBe('reversed');
  const lineOf = () => bench.simulator.books().find((line) => line.outTradeNo === numberOf(sale));
  await expect.poll(lineOf).toMatchObject({ state: 'SUCCESS' });
  await billOf(date);
  const found = (await breaks()).find(({ subject }) => subject === numberOf(sale));
  expect(found).toMatchObject({ class: 'short-by-status', billFen: 8_000, ourFen: 0 });
  await stepBreak(bench.deps, found!, { step: 'propose', how: 'give-back', by: 'a', note: 'x' });
  await stepBreak(bench.deps, found!, { step: 'confirm', by: 'b', note: 'x' });
  await bench.runUntilQuiet();
  expect(await statusOf(sale)).toBe('refunded-late');
  expect(lineOf()).toMatchObject({ state: 'REFUND', refundedFen: 8_000 });
  // Its two lines stand on two bills, and both are right together.
  await billOf(addDays(date, 1));
  expect((await breaks()).filter(({ subject }) => subject === numberOf(sale))).toEqual([]);
  expect(await broken()).toEqual([]);
});

describe('the bill is the last judge of a charge that nobody could ask about', () => {
  it('paid on the bill: learned as paid, and what was called off goes back; on no bill: ended unpaid', async () => {
    const date = nextDay();
    // The charge reaches the channel, and from then on nothing comes back from it.
    bench.simulator.setFaults(({ path }) => (path.startsWith('/v3/bill') ? 'none' : 'lose-answer'));
    const paid = await sell('04');
    const unpaid = await sell('05');
    await billOf(date);
    expect(await statusOf(unpaid)).not.toBe('reversed');
    await billOf(addDays(date, 1));
    expect(await statusOf(paid)).toBe('paid');
    expect(await statusOf(unpaid)).toBe('reversed');
    const numbers = [paid, unpaid].map(numberOf);
    expect((await breaks()).filter((one) => numbers.includes(one.subject))).toEqual([]);
  });
});
