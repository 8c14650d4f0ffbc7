import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { createHttpShell } from '#cloud/platform/http/http-shell.ts';
import { createTestCloud, type TestCloud } from '#cloud/platform/testing/test-cloud.ts';
import { startFinalityWorker } from '#cloud/settlement/finality-worker.ts';
import { settlementForDay } from '#cloud/settlement/settlement-day.ts';
import { registerProofRoutes } from '#cloud/proof/proof-routes.ts';
import { registerSettlementRoutes } from '#cloud/settlement/settlement-routes.ts';
import { statementCells, statementLine } from '#cloud/settlement/statement-csv.ts';
import {
  dayMs,
  merchantNo,
  noonMs,
  paidOrder,
  type OrderChoices,
} from '#cloud/settlement/testing/paid-orders.ts';
import { getOrThrow } from '#shared/result/result.ts';

let cloud: TestCloud;
let app: CloudApp;

type Choices = Omit<OrderChoices, 'operatorId'>;

beforeAll(async () => {
  cloud = await createTestCloud();
  app = await createHttpShell(cloud.deps);
  registerSettlementRoutes(app, cloud.deps);
  registerProofRoutes(app, { ...cloud.deps, acts: {} });
  const choices: readonly Choices[] = [
    { index: 1, amountFen: 10_001, concessionBp: 1_000 },
    { index: 2, amountFen: 5_000, concessionBp: 500, source: 'cash' },
    // Sold on the 2nd, synced on the 3rd: on the till's day of the 2nd, on the ledger's 3rd.
    { index: 3, amountFen: 20_000, concessionBp: 1_000, acceptedAtMs: noonMs + dayMs },
    { index: 4, amountFen: 700, merchant: 2 },
  ];
  const { operatorId } = cloud.deps;
  const orders = choices.map((choice) => paidOrder({ operatorId, ...choice }));
  getOrThrow(await cloud.deps.db.transaction((tx) => bookPaidOrders(tx, orders)));
});

afterAll(async () => {
  await app.close();
  await cloud.close();
});

const send = (method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) =>
  app.inject({
    method,
    url,
    headers: { authorization: `Bearer ${cloud.deps.operatorToken}` },
    ...(payload === undefined ? {} : { payload }),
  });

async function balanceOf(url: string, account: string): Promise<number | undefined> {
  const { balances } = (await send('GET', url)).json<{
    balances: { account: string; balanceFen: number }[];
  }>();
  return balances.find((one) => one.account === account)?.balanceFen;
}

describe('the settlement of a day', () => {
  it('goes by the day of the sale for the till, late ones included', async () => {
    const { db, operatorId } = cloud.deps;
    const key = { operatorId, merchantId: merchantNo(1) };
    expect(await settlementForDay(db, { ...key, businessDate: '2026-03-02' })).toEqual({
      merchantId: merchantNo(1),
      date: '2026-03-02',
      orderCount: 3,
      turnoverFen: 35_001,
      cashFen: 5_000,
      boxFen: 0,
      promiseFen: 0,
      channelFen: 30_001,
      sameDayFen: 8_000 + 16_000,
      reserveFen: 2_001 + 4_000,
      reserveDueDate: '2026-03-10',
      subsidyFen: 0,
      subsidyUntoldFen: 0,
      concessionFen: 1_000 + 250 + 2_000,
      concessionOwedFen: 250,
      refundFen: 0,
      refundCount: 0,
    });
    const empty = await settlementForDay(db, { ...key, businessDate: '2026-03-05' });
    expect(empty).toMatchObject({ orderCount: 0, turnoverFen: 0, reserveDueDate: '2026-03-12' });
  });

  it('goes by the day of acceptance in the books, merchant by merchant', async () => {
    const answer = await send('GET', '/admin/v1/settlements?date=2026-03-02');
    const { settlements, more } = answer.json<{ settlements: object[]; more: boolean }>();
    expect(settlements).toMatchObject([
      { merchantId: merchantNo(1), orderCount: 2, sameDayFen: 8_000 },
      { merchantId: merchantNo(2), orderCount: 1, sameDayFen: 560 },
    ]);
    expect(more).toBe(false);
    const after = await send('GET', `/admin/v1/settlements?date=2026-03-02&after=${merchantNo(1)}`);
    expect(after.json<{ settlements: object[] }>().settlements).toHaveLength(1);
  });

  it.each(['2026-02-30', '2026-13-01'])(
    'refuses the day %s, which does not exist',
    async (date) => {
      const answer = await send('GET', `/admin/v1/settlements?date=${date}`);
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({ code: 'request-invalid' });
    },
  );

  it('comes as a file whose hash fits, whose sums fit, and that stays the same after finality', async () => {
    const url = `/admin/v1/settlements/${merchantNo(1)}/statement?date=2026-03-02`;
    const file = await send('GET', url);
    const hash = createHash('sha256').update(file.rawPayload).digest('hex');
    expect(file.headers['x-content-sha256']).toBe(hash);
    expect(file.headers['x-row-count']).toBe('2');
    const lines = file.body.split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toContain('订单号');
    expect(lines[3]).toBe('合计,,,,,15001,0,15001,1250,8000,2001,0,0,0,0,0,,,0');
    await send('POST', '/admin/v1/finality-runs', { asOf: noonMs + 7 * dayMs });
    expect((await send('GET', url)).body).toBe(file.body);
  });

  it('quotes cells and disarms what a spreadsheet would run', () => {
    const csv = statementLine(statementCells({ order_id: '=1+1', channel: 'a,"b"' }));
    expect(csv).toContain(`'=1+1,`);
    expect(csv).toContain(`"a,""b"""`);
  });
});

describe('finality and proofs over HTTP', () => {
  it('ends the hold once, and every law holds', async () => {
    const url = '/admin/v1/finality-runs';
    for (const asOf of [Date.now() + 60_000, 281_474_976_710_655])
      expect((await send('POST', url, { asOf })).statusCode).toBe(409);
    const run = await send('POST', url, { asOf: noonMs + 30 * dayMs });
    expect(run.json()).toMatchObject({ more: false });
    const again = await send('POST', url, { asOf: noonMs + 30 * dayMs });
    expect(again.json()).toEqual({ runs: [], more: false });
    const proofs = await send('GET', '/admin/v1/proofs');
    expect(proofs.json()).toMatchObject({ holds: true });
  });

  it('shows the books of one merchant and of all together, each account as its nature says', async () => {
    const own = `/admin/v1/balances?merchantId=${merchantNo(2)}`;
    expect(await balanceOf(own, 'merchant_payable')).toBe(560);
    // 700 came in; its concession of 140 has left for the operator's accounts.
    expect(await balanceOf(own, 'channel_clearing')).toBe(560);
    expect(await balanceOf(own, 'fund_free')).toBe(0);
    expect(await balanceOf('/admin/v1/balances', 'transit')).toBe(0);
    const fundFen = await balanceOf('/admin/v1/balances', 'fund_free');
    expect(fundFen).toBe(await balanceOf('/admin/v1/balances', 'ring_fenced_cash'));
    expect(fundFen).toBeGreaterThan(0);
  });

  it('happens without anybody asking, by the worker', async () => {
    const { operatorId, db } = cloud.deps;
    const order = paidOrder({ operatorId, index: 60, merchant: 2, amountFen: 1_000 });
    getOrThrow(await db.transaction((tx) => bookPaidOrders(tx, [order])));
    const worker = startFinalityWorker(cloud.deps);
    const isFinal = async () => {
      const { rows } = await db.execute(sql`SELECT 1 FROM settlement_line
        WHERE order_id = ${order.orderId} AND state = 'final'`);
      return rows.length === 1;
    };
    await expect.poll(isFinal).toBe(true);
    await worker.stop();
  });

  it('says which law is broken, and by what', async () => {
    const { db } = cloud.deps;
    await db.execute(sql`UPDATE ledger_balance SET balance_fen = balance_fen + 1
      WHERE account = 'margin'`);
    const answer = (await send('GET', '/admin/v1/proofs')).json<{
      holds: boolean;
      proofs: { name: string; holds: boolean; violations: object[] }[];
    }>();
    await db.execute(sql`UPDATE ledger_balance SET balance_fen = balance_fen - 1
      WHERE account = 'margin'`);
    expect(answer.holds).toBe(false);
    expect(answer.proofs.filter((proof) => !proof.holds)).toMatchObject([
      { name: 'balances-equal-entries', violations: [{ book: '', account: 'margin' }] },
    ]);
  });

  it('is closed without the operator token', async () => {
    const answer = await app.inject({ method: 'GET', url: '/admin/v1/proofs' });
    expect(answer.statusCode).toBe(401);
  });
});
