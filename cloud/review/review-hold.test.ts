import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { OrderId } from '#shared/ids/ids.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { buildApp } from '#cloud/app.ts';
import { makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { testOperatorToken } from '#cloud/platform/testing/test-cloud.ts';
import { reviewRulesDefault, type ReviewRules } from '#cloud/review/review-rules.ts';
import { listReviewHolds, saveReviewRules } from '#cloud/review/review-store.ts';
import { runFinality } from '#cloud/settlement/finality.ts';

let bench: PaymentBench;
let app: CloudApp;
let keys: readonly [string, string];
beforeAll(async () => {
  bench = await createPaymentBench();
  app = await buildApp(bench.cloud.deps, { payments: bench.deps, onJournalTaken: () => {} });
  const { deps } = bench.cloud;
  keys = [(await makePerson(deps, '甲')).key, (await makePerson(deps, '乙')).key];
  bench.clock.advance(personAgeMsMin);
});
afterAll(async () => {
  await app.close();
  await bench.close();
});
beforeEach(() => setRules({}));

const setRules = (change: Partial<ReviewRules>) =>
  saveReviewRules(bench.deps.db, {
    operatorId: bench.till.operatorId,
    rules: { ...reviewRulesDefault, ...change },
    by: '测试',
    nowMs: bench.clock.nowMs(),
  });

let codes = 0;
/** A charge by the payer with these five digits. */
async function payBy(
  payer: string,
  change: { readonly amountFen?: number; readonly network?: string } = {},
) {
  codes += 1;
  const { network, ...rest } = change;
  const authCode = `62777${payer}${String(codes).padStart(7, '0')}01`;
  const request = bench.request('01', { wallet: 'unionpay', authCode, ...rest });
  const till = { ...bench.till, network };
  return {
    orderId: request.orderId as OrderId,
    answer: await startCharge(bench.deps, till, request),
  };
}

async function post(path: string, payload: object, key?: string) {
  const answer = await app.inject({
    method: 'POST',
    url: `/admin/v1/${path}`,
    headers: {
      authorization: `Bearer ${testOperatorToken}`,
      ...(key === undefined ? {} : { 'x-person-key': key }),
    },
    payload,
  });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}

const heldOrders = async () => await listReviewHolds(bench.deps.db, bench.till);
const finalOrders = async (): Promise<readonly string[]> => {
  const { rows } = await bench.deps.db.execute<{ order_id: string }>(
    sql`select order_id from settlement_line where state = 'final'`,
  );
  return rows.map((row) => row.order_id);
};
const finality = () =>
  bench.deps.db.transaction((tx) =>
    runFinality(tx, { operatorId: bench.till.operatorId, asOfMs: bench.clock.nowMs() }),
  );

it('the same payer again and again: paid at once, but final only after two people let it go', async () => {
  const sold: OrderId[] = [];
  for (let n = 0; n < 6; n += 1) {
    const { orderId, answer } = await payBy('00001', { amountFen: 1_000 + n });
    expect(answer).toMatchObject({ ok: true, value: { status: 'paid' } });
    sold.push(orderId);
  }
  const { orderId: stranger } = await payBy('00002', { amountFen: 999 });
  const suspicious = sold.at(-1)!;
  expect(await heldOrders()).toMatchObject([
    { orderId: suspicious, reasons: [{ rule: 'samePayer', seen: 6 }] },
  ]);
  bench.clock.advance(8 * 86_400_000);
  await finality();
  const final = await finalOrders();
  expect(final).toContain(stranger);
  expect(final).not.toContain(suspicious);
  const why = { why: '公司团购，已电话核实付款人' };
  const url = `merchants/${bench.till.merchantId}/reviews/${suspicious}/release`;
  expect((await post(url, why)).status).toBe(403);
  expect((await post(url, { by: '王芳', ...why }, keys[0])).status).toBe(400);
  const proposed = await post(url, why, keys[0]);
  expect(proposed).toMatchObject({ status: 202, body: { state: 'proposed' } });
  expect((await post(url, why, keys[1])).status).toBe(409);
  await finality();
  expect(await finalOrders()).not.toContain(suspicious);
  const agree = `acts/${String(proposed.body['actNo'])}/agree`;
  expect(await post(agree, { note: '同意放行' }, keys[0])).toMatchObject({
    status: 409,
    body: { code: 'policy-same-person' },
  });
  expect((await post(agree, { note: '同意放行' }, keys[1])).status).toBe(200);
  const { rows } = await bench.deps.db.execute<{ released_by: string }>(
    sql`select released_by from review_hold where order_id = ${suspicious}`,
  );
  expect(rows[0]?.released_by).toMatch(/^prs_\w{26} prs_\w{26}$/);
  await finality();
  expect(await finalOrders()).toContain(suspicious);
  expect((await post(url, why, keys[0])).status).toBe(404);
});

it('who paid is kept as a keyed hash alone', async () => {
  const { rows } = await bench.deps.db.execute<{ payer_hash: string }>(
    sql`select distinct payer_hash from payment_attempt where payer_hash is not null`,
  );
  expect(rows.length).toBeGreaterThan(1);
  for (const row of rows) expect(row.payer_hash).toMatch(/^[0-9a-f]{64}$/);
});

const asked = () => bench.simulator.requestCounts().get('/v1/pay') ?? 0;

it('a rule that stops tells the till in a word, before anything is sent; by default none does', async () => {
  const once = { ...reviewRulesDefault.sameAmount, count: 2 };
  await setRules({ sameAmount: { ...once, act: 'stop' } });
  await payBy('00003', { amountFen: 4_321 });
  const before = asked();
  const { answer } = await payBy('00004', { amountFen: 4_321 });
  expect(answer).toEqual({ ok: false, error: { code: 'sale-stopped-by-rule' } });
  expect(asked()).toBe(before);
  await setRules({ sameAmount: { ...once, act: 'hold' } });
  const { answer: held, orderId } = await payBy('00005', { amountFen: 4_321 });
  expect(held).toMatchObject({ value: { status: 'paid' } });
  expect(await heldOrders()).toMatchObject([{ orderId, reasons: [{ rule: 'sameAmount' }] }]);
});

const reasonsOf = async (orderId: OrderId) =>
  (await heldOrders()).find((one) => one.orderId === orderId)?.reasons ?? [];

it('a terminal that suddenly sells from another network is held, until the new place is known', async () => {
  await setRules({ moved: { act: 'hold', salesMin: 3 } });
  for (let n = 0; n < 3; n += 1) {
    const { orderId } = await payBy(`1000${n}`, { network: '203.0', amountFen: 50 + n });
    expect(await reasonsOf(orderId)).toEqual([]);
  }
  for (let n = 0; n < 3; n += 1) {
    const { orderId } = await payBy(`2000${n}`, { network: '198.51', amountFen: 60 + n });
    expect(await reasonsOf(orderId)).toEqual([{ rule: 'moved', seen: n }]);
  }
  const { orderId } = await payBy('30000', { network: '198.51', amountFen: 70 });
  expect(await reasonsOf(orderId)).toEqual([]);
});

it('rules are read by the operator and changed by a person, who is kept', async () => {
  const headers = { authorization: `Bearer ${testOperatorToken}` };
  const person = { ...headers, 'x-person-key': keys[0] };
  const rules = { ...reviewRulesDefault, night: { ...reviewRulesDefault.night, act: 'off' } };
  const url = '/admin/v1/review-rules';
  const put = (payload: object, as: Record<string, string>) =>
    app.inject({ method: 'PUT', url, headers: as, payload });
  expect((await put({ rules }, headers)).statusCode).toBe(403);
  expect((await put({ rules }, person)).statusCode).toBe(200);
  expect((await app.inject({ url, headers })).json()).toEqual({ rules });
  const { rows } = await bench.deps.db.execute<{ changed_by: string }>(
    sql`select changed_by from review_rules`,
  );
  expect(rows[0]?.changed_by).toMatch(/^prs_/);
  const wrong = { ...rules, night: { act: 'hold' } };
  expect((await put({ rules: wrong }, person)).statusCode).toBe(400);
});
