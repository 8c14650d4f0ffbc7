import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { createHttpShell } from '#cloud/platform/http/http-shell.ts';
import { proveBooks } from '#cloud/proof/proof-run.ts';
import { registerBillRoutes } from '#cloud/reconciliation/bill-routes.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import { runRefundsOnce } from '#cloud/refunds/refund-worker.ts';

/** The admin routes of bills, differences and exceptions: who comes in, with what, and what comes out. */
let bench: PaymentBench;
let app: CloudApp;
let keys: readonly [string, string];
beforeAll(async () => {
  bench = await createPaymentBench();
  app = await createHttpShell(bench.cloud.deps);
  registerBillRoutes(app, bench.cloud.deps, withoutBillOf('alipay', bench.deps));
  const { deps } = bench.cloud;
  keys = [(await makePerson(deps, '甲')).key, (await makePerson(deps, '乙')).key];
  bench.clock.advance(personAgeMsMin);
});
/** An adapter that brings no bill: all of ours do, but none must. */
function withoutBillOf(name: string, deps: PaymentBench['deps']): PaymentBench['deps'] {
  const channel = deps.channels.get(name);
  assert(channel !== undefined, () => `no channel ${name}`);
  const { bills: _left, ...without } = channel;
  return { ...deps, channels: new Map([...deps.channels, [name, without]]) };
}
afterAll(async () => {
  await app.close();
  await bench.close();
});
afterEach(() => {
  bench.simulator.bills.setMismatches([]);
  bench.simulator.setFaults(() => 'none');
});

interface Sent {
  readonly payload?: object;
  readonly key?: string;
  readonly token?: string;
}
async function call(method: 'GET' | 'POST', url: string, sent: Sent = {}) {
  const answer = await app.inject({
    method,
    url: `/admin/v1/${url}`,
    headers: {
      authorization: `Bearer ${sent.token ?? bench.cloud.deps.operatorToken}`,
      ...(sent.key === undefined ? {} : { 'x-person-key': sent.key }),
    },
    ...(sent.payload === undefined ? {} : { payload: sent.payload }),
  });
  const isJson = String(answer.headers['content-type']).includes('json');
  return { status: answer.statusCode, body: isJson ? answer.json<Json>() : {}, text: answer.body };
}
type Json = Readonly<Record<string, unknown>>;
const listOf = async (url: string, name: string): Promise<readonly Json[]> =>
  (await call('GET', url)).body[name] as readonly Json[];
const step = (no: unknown, payload: object, key = keys[0]) =>
  call('POST', `breaks/${String(no)}/steps`, { payload, key });

/** A day of one sale whose bill lies about it, fetched over HTTP; answers the sale and the break. */
async function wrongDay(
  lie: 'amount-differs' | 'missing-on-theirs',
): Promise<{ readonly sale: ChargeRequest; readonly breakNo: unknown; readonly date: string }> {
  const date = addDays(accountingDate(bench.clock.nowMs()), 1);
  bench.clock.advanceTo(dayStartMs(date) + 12 * 3_600_000);
  const sale = bench.request('01', { amountFen: 8_000 });
  expect(getOrThrow(await startCharge(bench.deps, bench.till, sale)).status).toBe('paid');
  const no = outTradeNo(sale.orderId as OrderId, 1);
  bench.simulator.bills.setMismatches([
    lie === 'amount-differs'
      ? { type: lie, outTradeNo: no, byFen: -300 }
      : { type: lie, outTradeNo: no },
  ]);
  bench.clock.advanceTo(dayStartMs(date) + 34.5 * 3_600_000);
  const fetched = await call('POST', 'bills', { payload: { channel: 'wechat', date } });
  expect(fetched).toMatchObject({ status: 200, body: { isNew: true } });
  const [found] = await listOf(`breaks?date=${date}`, 'breaks');
  return { sale, breakNo: found?.['breakNo'], date };
}
const refund = (sale: ChargeRequest, amountFen: number, refundNo = 1) =>
  askRefund(bench.deps, bench.till, {
    orderId: sale.orderId as OrderId,
    refundNo,
    amountFen,
    cashier: '小王',
    reason: '退货',
  });
const brokenLaws = async () =>
  (await proveBooks({ db: bench.deps.db, operatorId: bench.till.operatorId }))
    .filter(({ holds }) => !holds)
    .map(({ name }) => name);

it('a difference goes from the bill to its settlement over HTTP, with owner, age and history', async () => {
  const { breakNo, date } = await wrongDay('amount-differs');
  const [item] = await listOf('exceptions?source=bill&owner=nobody', 'exceptions');
  expect(item).toMatchObject({
    ref: String(breakNo),
    kind: 'long-by-amount',
    amountFen: -300,
    resolvedBy: `/admin/v1/breaks/${String(breakNo)}/steps`,
  });
  const note = { note: '我来看' };
  expect(
    await call('POST', `exceptions/bill/${String(breakNo)}/take`, { payload: note, key: keys[0] }),
  ).toMatchObject({ status: 200 });
  const [mine] = await listOf('exceptions?source=bill', 'exceptions');
  expect(mine?.['owner']).toMatch(/^prs_/);
  const { status, text } = await call('GET', 'exceptions.csv?source=bill');
  expect(status).toBe(200);
  const [header, line, ...rest] = text.replace('\uFEFF', '').split('\r\n');
  expect(header?.split(',')).toHaveLength(12);
  expect(line).toContain(`bill,"${String(breakNo)}","long-by-amount"`);
  expect(line).toMatch(/,-3\.00,2026-\d\d-\d\d,0,"open",/);
  expect(line).toContain(`"${String(mine?.['owner'])}"`);
  expect(rest).toEqual(['']);
  expect((await call('GET', 'exceptions.csv', { token: 'wrong' })).status).toBe(401);
  bench.clock.advance(3_600_000);
  const proposal = { step: 'propose', how: 'correct-merchant', note: '渠道少收' };
  expect(await step(breakNo, proposal)).toMatchObject({ status: 200 });
  const confirmation = { step: 'confirm', note: '同意' };
  expect(await step(breakNo, confirmation)).toMatchObject({
    status: 409,
    body: { code: 'resolution-same-person' },
  });
  expect(await step(breakNo, confirmation, keys[1])).toMatchObject({ status: 200 });
  expect(await step(breakNo, confirmation, keys[1])).toMatchObject({
    status: 409,
    body: { code: 'break-settled' },
  });
  const events = await listOf(`breaks/${String(breakNo)}/history`, 'events');
  expect(events.map(({ what }) => what)).toEqual(['found', 'take', 'propose', 'correct-merchant']);
  expect(await listOf('exceptions?source=bill', 'exceptions')).toEqual([]);
  const file = await call('GET', `breaks.csv?state=resolved&date=${date}`);
  expect(file.text).toContain('平台长款');
  expect(await brokenLaws()).toEqual([]);
});

describe('a correction and a refund of the same sale', () => {
  it('never run side by side: while the refund is open the correction is refused, behind it it is booked', async () => {
    const { sale, breakNo } = await wrongDay('amount-differs');
    await step(breakNo, { step: 'propose', how: 'correct-merchant', note: '渠道少收' });
    bench.simulator.setFaults(({ path }) => (path.includes('refunds') ? 'lose-answer' : 'none'));
    expect(await refund(sale, 2_000)).toMatchObject({ value: { status: 'refunding' } });
    const confirmation = { step: 'confirm', note: '同意' };
    expect(await step(breakNo, confirmation, keys[1])).toMatchObject({
      status: 409,
      body: { code: 'break-refund-open' },
    });
    bench.simulator.setFaults(() => 'none');
    bench.clock.advance(60_000);
    await runRefundsOnce(bench.deps);
    expect(await step(breakNo, confirmation, keys[1])).toMatchObject({ status: 200 });
    expect(await brokenLaws()).toEqual([]);
  });

  it('asked for at one moment: one after the other, each once, and every law holds', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { sale, breakNo } = await wrongDay('amount-differs');
      await step(breakNo, { step: 'propose', how: 'correct-merchant', note: '渠道少收' });
      const confirm = () => step(breakNo, { step: 'confirm', note: '同意' }, keys[1]);
      const [refunded, confirmed] = await Promise.all([refund(sale, 1_000), confirm()]);
      expect(refunded.ok).toBe(true);
      if (confirmed.status !== 200)
        expect(confirmed.body).toMatchObject({ code: 'break-refund-open' });
      for (let left = 5; left > 0 && (await runRefundsOnce(bench.deps)) > 0; left -= 1);
      expect([200, 409]).toContain((await confirm()).status);
      const { rows } = await bench.deps.db.execute(sql`
        select count(*) as n from ledger_txn
         where idem_key like ${`bill-break:${String(breakNo)}:%`}`);
      expect(rows).toEqual([{ n: 1 }]);
      expect(await brokenLaws()).toEqual([]);
    }
  });
});

describe('one list', () => {
  it('holds what is in doubt, under review and unproved, beside the bills, with who looks after it', async () => {
    const { deps, till } = bench;
    const { date } = await wrongDay('missing-on-theirs');
    bench.simulator.setFaults(() => 'lose-answer');
    const doubtful = bench.request('01');
    await startCharge(deps, till, doubtful);
    const face = bench.request('01', { wallet: 'alipay', authCode: '280000000000000901' });
    bench.simulator.setFaults(() => 'none');
    await startCharge(deps, till, face);
    const { operatorId, merchantId } = till;
    await deps.db.execute(sql`
      insert into review_hold (operator_id, merchant_id, order_id, reasons, held_at_ms, state)
      values (${operatorId}, ${merchantId}, ${face.orderId}, '[]', ${bench.clock.nowMs()}, 'held')`);
    bench.clock.advance(3 * 86_400_000);
    const items = await listOf('exceptions', 'exceptions');
    const kinds = items.map(({ source, kind }) => `${String(source)} ${String(kind)}`);
    expect(kinds).toEqual(
      expect.arrayContaining([
        'bill bank-miss',
        'charge undecided',
        'review held',
        'no-bill no-bill',
      ]),
    );
    for (const item of items) expect(item['words']).toMatch(/[\u4e00-\u9fff]/u);
    const ages = items.map(({ ageMs }) => Number(ageMs));
    expect(ages).toEqual(ages.toSorted((a, b) => b - a));
    const note = { payload: { note: '我来看' }, key: keys[0] };
    const ref = `${merchantId}:${face.orderId}`;
    expect(await call('POST', `exceptions/review/${ref}/take`, note)).toMatchObject({
      status: 200,
    });
    const [taken] = await listOf('exceptions?source=review', 'exceptions');
    expect(taken?.['owner']).toMatch(/^prs_/);
    const [first, second] = items;
    const cursor = [first?.['sinceMs'], first?.['source'], first?.['ref']].join('~');
    const [next] = await listOf(`exceptions?after=${cursor}`, 'exceptions');
    expect(next?.['ref']).toBe(second?.['ref']);
    expect(date).toBeDefined();
    await bench.runUntilQuiet();
  });

  it('shows nothing of another operator', async () => {
    const before = await listOf('exceptions', 'exceptions');
    const { db } = bench.deps;
    const other = 'opr_01J0000000000000000000000Z';
    await db.execute(sql`insert into operator values (${other}, 'x', 0)`);
    await db.execute(sql`
      insert into review_hold (operator_id, merchant_id, order_id, reasons, held_at_ms, state)
      values (${other}, 'm', 'o', '[]', 1, 'held')`);
    await db.execute(sql`
      insert into bill_break (operator_id, channel, class, subject, bill_no, account, bill_date,
        bill_fen, our_fen, state, found_at_ms)
      values (${other}, 'wechat', 'double', 'x', 1, '', '2026-09-21', 1, 0, 'open', 1)`);
    const { rows } = await db.execute<{ no: number }>(
      sql`select break_no as no from bill_break where operator_id = ${other}`,
    );
    expect(await listOf('exceptions', 'exceptions')).toEqual(before);
    expect((await listOf('breaks', 'breaks')).map(({ subject }) => subject)).not.toContain('x');
    const foreign = String(rows[0]?.no);
    expect(await step(foreign, { step: 'take', note: '我来看' })).toMatchObject({ status: 404 });
    expect(await listOf(`breaks/${foreign}/history`, 'events')).toEqual([]);
  });
});

describe('the door', () => {
  const bill = { channel: 'wechat', date: '2026-09-21' };
  it.each([
    ['a bill of a day that does not exist', 'bills', { ...bill, date: '2026-02-30' }, 400, ''],
    [
      'a bill of a channel with none',
      'bills',
      { ...bill, channel: 'alipay' },
      422,
      'bill-not-offered',
    ],
    [
      'a bill of a channel nobody knows',
      'bills',
      { ...bill, channel: 'paypal' },
      422,
      'bill-not-offered',
    ],
    ['a bill of tomorrow', 'bills', { ...bill, date: '2030-01-01' }, 503, 'bill-not-ready'],
    ['a bill with more than is asked for', 'bills', { ...bill, fen: 1 }, 400, ''],
    ['a step without a note', 'breaks/1/steps', { step: 'take' }, 400, ''],
    ['a step nobody knows', 'breaks/1/steps', { step: 'forget', note: 'x' }, 400, ''],
    ['a proposal of nothing', 'breaks/1/steps', { step: 'propose', note: 'x' }, 400, ''],
    ['a break below the first', 'breaks/0/steps', { step: 'take', note: 'x' }, 400, ''],
    ['a break nobody knows', 'breaks/999999/steps', { step: 'take', note: 'x' }, 404, 'not-found'],
    ['an exception of no source', 'exceptions/lost/x/take', { note: '好的好' }, 400, ''],
    ['a break taken that is none', 'exceptions/bill/x/take', { note: '好的好' }, 404, 'not-found'],
  ])('refuses %s', async (_, url, payload, status, code) => {
    const answer = await call('POST', url, { payload, key: keys[0] });
    expect(answer.status).toBe(status);
    if (code !== '') expect(answer.body).toMatchObject({ code });
    expect((await call('POST', url, { payload, key: keys[0], token: 'x' })).status).toBe(401);
  });

  it.each([
    'breaks?state=lost',
    'breaks?after=-1',
    'bills?after=x',
    'exceptions?owner=me',
    'exceptions?after=1',
  ])('refuses the question %s', async (url) => {
    expect((await call('GET', url)).status).toBe(400);
    expect((await call('GET', url, { token: 'x' })).status).toBe(401);
  });

  it('wants a person’s own key for a step, old enough', async () => {
    const young = (await makePerson(bench.cloud.deps, '丙')).key;
    const payload = { step: 'take', note: '我来看' };
    expect((await call('POST', 'breaks/1/steps', { payload })).status).toBe(403);
    expect(await step(1, payload, young)).toMatchObject({
      status: 403,
      body: { code: 'person-key-invalid' },
    });
  });
});
