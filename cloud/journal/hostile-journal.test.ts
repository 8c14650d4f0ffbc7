import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '#shared/ids/ids.ts';
import { buildApp } from '#cloud/app.ts';
import { createTillJournal, openOrder, recordCash } from '#cloud/journal/testing/till-journal.ts';
import { projectStep } from '#cloud/journal/projection/projection-worker.ts';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { oldRateGraceMs } from '#cloud/identity/merchant-rates.ts';
import { merchantChannelsDefault } from '#cloud/payments/merchant-channels.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { testOperatorToken } from '#cloud/platform/testing/test-cloud.ts';
import {
  activateTestTerminal,
  type TestJournal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';

/** Tills with true keys that write what is not true. */
let bench: PaymentBench;
let app: CloudApp;
let origin: string;
let shop: TestTerminal;
let rival: TestTerminal;
let journal: TestJournal;

beforeAll(async () => {
  bench = await createPaymentBench({ startMs: Date.now() });
  app = await buildApp(bench.cloud.deps, { payments: bench.deps, onJournalTaken: () => {} });
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  [shop, rival] = [await till('1900000201'), await till('1900000202')];
});
afterAll(async () => {
  await app.close();
  await bench.close();
});
beforeEach(() => {
  journal = createTillJournal();
});

async function till(merchantNo: string): Promise<TestTerminal> {
  const terminal = await activateTestTerminal({ origin, operatorToken: testOperatorToken });
  await operator('PUT', `/admin/v1/merchants/${terminal.merchantId}/channels`, {
    channels: merchantChannelsDefault(merchantNo),
  });
  return terminal;
}

async function operator(method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${origin}${path}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testOperatorToken}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answer.status).toBe(200);
  return answer.json();
}

interface Sale {
  readonly orderId: string;
  readonly amountFen?: number;
  readonly concessionBp?: number;
  readonly claimToken?: string;
}

const token = () => randomBytes(8).toString('hex').toUpperCase();

const open = (to: TestJournal, sale: Sale) => openOrder(to, { amountFen: 1_234, ...sale });

function sellForCash(to: TestJournal, sale: Sale): void {
  open(to, sale);
  recordCash(to, sale.orderId, sale.amountFen ?? 1_234);
}

function sellByWallet(to: TestJournal, sale: Sale): void {
  open(to, sale);
  const attempt = { orderId: sale.orderId, attempt: 1 };
  to.append('charge.submitted', {
    ...attempt,
    wallet: 'wechat',
    codeMask: '13****01',
    codeHash: 'a'.repeat(64),
    amountFen: sale.amountFen ?? 1_234,
  });
  to.append('charge.paid', {
    ...attempt,
    channel: 'wechat',
    channelRef: 'ref',
    paidAtMs: Date.now(),
  });
}

async function tell(from: TestTerminal, told: TestJournal): Promise<void> {
  expect((await from.post('/v1/journal/batches', told.batch(1))).status).toBe(200);
  const deps = { ...bench.cloud.deps, effects: createProjectionEffects() };
  while ((await projectStep(deps)) > 0);
}

const parkedOf = async (terminal: TestTerminal) =>
  (await operator('GET', `/admin/v1/merchants/${terminal.merchantId}/parked-entries`)) as {
    readonly entries: readonly Record<string, unknown>[];
    readonly moneyFen: number;
  };
const resultsOf = async (terminal: TestTerminal, orderId: string) =>
  (
    (await terminal.get('/v1/results?after=0')).body as unknown as {
      results: readonly { orderId: string; result: string }[];
    }
  ).results
    .filter((result) => result.orderId === orderId)
    .map(({ result }) => result);
const linesOf = async (orderId: string) =>
  (
    await bench.deps.db.execute<{ merchant_id: string }>(
      sql`select merchant_id from settlement_line where order_id = ${orderId}`,
    )
  ).rows.map((row) => row.merchant_id);

describe('a journal against the cloud’s own book of charges', () => {
  test.each([
    ['another amount', { amountFen: 999_999 }],
    ['another rate', { concessionBp: 2_000 }],
  ])('%s than was charged: parked, seen by people, told to the till', async (_what, change) => {
    const request = bench.request('01');
    expect((await shop.post('/v1/charges', request)).body).toMatchObject({ status: 'paid' });
    sellByWallet(journal, { orderId: request.orderId, ...change });
    await tell(shop, journal);
    const { entries } = await parkedOf(shop);
    expect(entries.filter((entry) => entry['orderId'] === request.orderId)).toMatchObject([
      { type: 'charge.paid', code: 'order-transition-refused' },
    ]);
    expect(await resultsOf(shop, request.orderId)).toEqual(['paid', 'parked']);
  });

  test('a charge that another shop’s customer paid does not make an order paid', async () => {
    const request = bench.request('01');
    await shop.post('/v1/charges', request);
    sellByWallet(journal, { orderId: request.orderId });
    await tell(rival, journal);
    expect((await parkedOf(rival)).entries[0]).toMatchObject({
      orderId: request.orderId,
      code: 'charge-unknown-to-cloud',
    });
    expect(await linesOf(request.orderId)).toEqual([shop.merchantId]);
  });
});

describe('the rate is the operator’s word', () => {
  test('cash at a rate the shop never had is not booked, is listed with its money, and told to the till', async () => {
    const orderId = newId('ord', bench.cloud.deps);
    const before = (await parkedOf(shop)).moneyFen;
    sellForCash(journal, { orderId, concessionBp: 300, amountFen: 5_000 });
    await tell(shop, journal);
    expect(await linesOf(orderId)).toEqual([]);
    const after = await parkedOf(shop);
    expect(after.entries.filter((entry) => entry['orderId'] === orderId)).toMatchObject([
      {
        type: 'cash.recorded',
        amountFen: 5_000,
        code: 'entry-not-bookable',
        detail: expect.stringContaining('concession-rate-invalid') as string,
      },
    ]);
    expect(after.moneyFen - before).toBe(5_000);
    expect(await resultsOf(shop, orderId)).toEqual(['parked']);
  });

  test('a charge at such a rate is refused before anything is sent', async () => {
    const request = bench.request('01', { concessionBp: 300 });
    const before = bench.simulator.requestCounts().get('/v1/pay');
    expect(await shop.post('/v1/charges', request)).toMatchObject({
      status: 422,
      body: { code: 'concession-rate-invalid' },
    });
    expect(bench.simulator.requestCounts().get('/v1/pay')).toBe(before);
  });

  test('after a change both rates are good for a week, and the tills have settings to pull', async () => {
    const { merchantId } = rival;
    const versionOf = async () =>
      (
        JSON.parse(String((await rival.get('/v1/terminals/me/config')).body['payload'])) as {
          configVersion: number;
        }
      ).configVersion;
    const version = await versionOf();
    await bench.deps.db.execute(
      sql`update merchant set concession_bp = 1500 where merchant_id = ${merchantId}`,
    );
    expect(await versionOf()).toBe(version + 1);
    for (const concessionBp of [1_000, 1_500])
      expect(
        (await rival.post('/v1/charges', bench.request('01', { concessionBp }))).body,
      ).toMatchObject({ status: 'paid' });
    await bench.deps.db.execute(sql`
      update merchant_rate set from_ms = from_ms - ${oldRateGraceMs + 60_000}
       where merchant_id = ${merchantId} and from_ms > 0`);
    const late = bench.request('01', { concessionBp: 1_000 });
    expect((await rival.post('/v1/charges', late)).status).toBe(422);
    await bench.deps.db.execute(
      sql`update merchant set concession_bp = 1000 where merchant_id = ${merchantId}`,
    );
  });
});

describe('an order number belongs to the shop that booked it', () => {
  test('cash of another shop under the same number is parked for people, and blocks nothing', async () => {
    const orderId = newId('ord', bench.cloud.deps);
    const later = newId('ord', bench.cloud.deps);
    sellForCash(journal, { orderId });
    await tell(shop, journal);
    const copied = createTillJournal();
    sellForCash(copied, { orderId, amountFen: 70_000 });
    sellForCash(copied, { orderId: later });
    await tell(rival, copied);
    expect(await linesOf(orderId)).toEqual([shop.merchantId]);
    expect(await linesOf(later)).toEqual([rival.merchantId]);
    expect(await resultsOf(rival, orderId)).toEqual(['parked']);
  });

  test('a receipt of one shop does not fetch the points of another’s order', async () => {
    const orderId = newId('ord', bench.cloud.deps);
    const claimToken = token();
    sellForCash(journal, { orderId });
    await tell(shop, journal);
    const copied = createTillJournal();
    open(copied, { orderId, claimToken });
    await tell(rival, copied);
    const claimed = await fetch(`${origin}/v1/claims`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ claimToken, phone: '13900000009' }),
    });
    expect(claimed.status).toBe(409);
    const { rows } = await bench.deps.db.execute(
      sql`select member_id from points_order where order_id = ${orderId}`,
    );
    expect(rows).toEqual([{ member_id: null }]);
  });

  test('an offline sale under the number of another shop’s is parked, not swallowed', async () => {
    const orderId = newId('ord', bench.cloud.deps);
    const accept = (to: TestJournal) => {
      open(to, { orderId });
      to.append('offline.accepted', {
        orderId,
        memberId: bench.newMemberId(),
        certificateId: newId('crt', bench.cloud.deps),
        code: '9'.repeat(262),
        capsVersion: 1,
      });
    };
    accept(journal);
    await tell(shop, journal);
    // The till's clock runs ahead of the cloud's: what counts is not later than the moment of arrival.
    const { rows } = await bench.deps.db.execute(
      sql`select accepted_at_ms from offline_settlement where order_id = ${orderId}`,
    );
    expect(rows).toEqual([{ accepted_at_ms: bench.clock.nowMs() }]);
    const copied = createTillJournal();
    accept(copied);
    await tell(rival, copied);
    expect(await resultsOf(rival, orderId)).toEqual(['parked']);
  });
});

test('what a revoked till still had is counted', async () => {
  const closed = await till('1900000203');
  const orderId = newId('ord', bench.cloud.deps);
  const path = `/admin/v1/terminals/${closed.terminalId}/revoke`;
  await fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testOperatorToken}` },
  });
  sellForCash(journal, { orderId, amountFen: 8_800 });
  await tell(closed, journal);
  expect(await parkedOf(closed)).toMatchObject({ moneyFen: 8_800, entryCount: 3 });
});
