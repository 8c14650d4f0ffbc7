import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { lapseUnclaimed } from '#cloud/points/claim-points.ts';
import { clawBackPoints, lockPoints } from '#cloud/points/claw-back.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  balancesOf,
  fundWith,
  memberOf,
  merchantOf,
  orderOf,
  paidOrder,
} from '#cloud/points/testing/points-fixtures.ts';
import { runProofs } from '#cloud/proof/proof-run.ts';
import { createManualClock, type ManualClock } from '#shared/testing/manual-clock.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';

let cloud: TestCloud;
let app: CloudApp;
let clock: ManualClock;
const keys: string[] = [];
const dayMs = 86_400_000;

const send = (path: string, payload?: object, person?: number) =>
  app.inject({
    method: payload === undefined ? 'GET' : 'POST',
    url: `/admin/v1/${path}`,
    headers: {
      authorization: `Bearer ${cloud.deps.operatorToken}`,
      ...(person === undefined ? {} : { 'x-person-key': keys[person] }),
    },
    ...(payload === undefined ? {} : { payload }),
  });

/** 3 March 2026: members 1 to 3 have 20, 40 and 20.01 points; one receipt waits for its customer. */
beforeAll(async () => {
  clock = createManualClock(dayStartMs('2026-03-01'));
  cloud = await createTestCloud({ clock });
  app = await buildTestApp(cloud);
  for (const name of ['陈', '王'])
    keys.push((await send('persons', { name })).json<{ key: string }>().key);
  clock.advance(2 * dayMs);
  const { db, operatorId } = cloud.deps;
  await db.transaction(async (tx) => {
    await fundWith(tx, operatorId, { key: 'fund', amountFen: 4000 });
    const day = '2026-02-02';
    await issuePendingPoints(tx, [
      paidOrder(operatorId, 1, { day, member: 1, netFen: 10_000 }),
      paidOrder(operatorId, 2, { day, member: 2, netFen: 20_000 }),
      paidOrder(operatorId, 3, { day, member: 3, netFen: 10_005 }),
      paidOrder(operatorId, 4, { day, netFen: 10_000 }),
    ]);
    const orderIds = [1, 2, 3, 4].map(orderOf);
    await makePointsFinal(tx, { operatorId, orderIds, asOf: '2026-02-09' });
  });
});
afterAll(async () => {
  await app.close();
  await cloud.close();
});

const plan = {
  stopOn: '2026-04-10',
  planZh: '自四月十日起停止发放积分，已有券照常使用，余额按积分比例发放为券。',
  planEn: 'No new points from 10 April. Vouchers stay good. The fund is divided by points.',
};
const end = (word: string, person: number) =>
  send(`wind-down/1/${word}`, { note: 'looked at it' }, person);
const distribute = (query = '') => send(`wind-down/1/distribute${query}`, {});
const balances = () => balancesOf(cloud.deps.db, cloud.deps.operatorId);
const shares = async () => {
  const { csv } = (await send('wind-down/1/shares')).json<{ csv: string }>();
  return csv.split('\r\n').slice(1, -1);
};

describe('winding down', () => {
  it('is proposed by one and published by another, 30 days before anything stops', async () => {
    const early = await send('wind-down', { ...plan, stopOn: '2026-04-01' }, 0);
    expect(early.json()).toMatchObject({
      code: 'policy-notice-too-short',
      detail: 'not before 2026-04-02',
    });
    expect((await send('wind-down', plan, 0)).statusCode).toBe(201);
    expect((await send('wind-down', plan, 1)).json()).toMatchObject({ code: 'wind-down-running' });
    expect((await distribute()).json()).toMatchObject({ code: 'policy-proposal-ended' });
    expect((await end('publish', 0)).json()).toMatchObject({ code: 'policy-same-person' });
    expect((await end('publish', 1)).json()).toMatchObject({ state: 'published' });
    expect((await end('withdraw', 0)).json()).toMatchObject({ code: 'policy-proposal-ended' });
  });

  it('lets sales after the stop carry no concession and give no points, however often they come', async () => {
    const { db, operatorId } = cloud.deps;
    const before = await balances();
    const order = paidOrder(operatorId, 9, { day: '2026-04-10', member: 1, source: 'cash' });
    for (const booked of [1, 0])
      expect(getOrThrow(await db.transaction((tx) => bookPaidOrders(tx, [order])))).toEqual({
        booked,
      });
    const { rows } = await db.execute(sql`
      select concession_bp, (select count(*) from points_lot where order_id = ${orderOf(9)}) as lots
        from settlement_line where order_id = ${orderOf(9)}`);
    expect(rows).toEqual([{ concession_bp: 0, lots: 0 }]);
    expect(await balances()).toEqual(before);
  });

  it('knows a sale of before the stop again when it comes a second time after it', async () => {
    const { db, operatorId } = cloud.deps;
    const order = paidOrder(operatorId, 8, { day: '2026-04-09', source: 'cash' });
    const later = { ...order, acceptedAtMs: dayStartMs('2026-04-11') };
    const undone = db.transaction(async (tx) => {
      getOrThrow(await bookPaidOrders(tx, [order]));
      expect(await bookPaidOrders(tx, [later])).toEqual({ ok: true, value: { booked: 0 } });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
  });

  it('waits until nothing is pending and nobody can claim any more', async () => {
    expect((await distribute()).json<{ detail: string }>().detail).toContain('until 2026-04-10');
    clock.advance(50 * dayMs);
    expect((await distribute()).json<{ detail: string }>().detail).toContain('1 receipts');
    const { db, operatorId } = cloud.deps;
    await db.transaction((tx) => lapseUnclaimed(tx, { operatorId, finalBefore: '2026-04-20' }));
  });

  it('is listed page by page, the newest plan first', async () => {
    expect((await send('wind-down')).json()).toMatchObject({ plans: [{ planNo: 1 }] });
    expect((await send('wind-down?before=1')).json()).toEqual({ plans: [] });
    expect((await send('wind-down?before=0')).statusCode).toBe(400);
  });

  it('gives a frozen account its share too: it waits in the wallet', async () => {
    const { db, operatorId } = cloud.deps;
    await db.execute(sql`
      update account_points set state = 'frozen'
       where operator_id = ${operatorId} and member_id = ${memberOf(2)}`);
    expect((await distribute('?dryRun=1')).json()).toMatchObject({ accountCount: 3 });
  });

  it('computes the shares dry, and a transaction that is cut off leaves nothing behind', async () => {
    const before = await balances();
    expect((await distribute('?dryRun=1')).json()).toMatchObject({ distributedFen: 4000 });
    expect(await balances()).toEqual(before);
    expect(await shares()).toEqual([]);
  });

  it('divides the whole fund by points to the fen, once, and every law of the books holds (I1)', async () => {
    const [first, second] = [await distribute(), await distribute()];
    expect(first.json()).toMatchObject({
      state: 'distributed',
      distributedFen: 4000,
      accountCount: 3,
    });
    expect(second.json()).toEqual(first.json());
    // 4000 x 2000 / 8001 = 999.88, x 4000 / 8001 = 1999.75, x 2001 / 8001 = 1000.37: the odd fen to the two largest.
    expect(await shares()).toEqual([
      `${memberOf(1)},2000,1000`,
      `${memberOf(2)},4000,2000`,
      `${memberOf(3)},2001,1000`,
    ]);
    const after = await balances();
    expect(after).toMatchObject({ fund_free: 0, voucher_outstanding: 4000 });
    expect((await runProofs(cloud.deps)).filter(({ holds }) => !holds)).toEqual([]);
    const { rows } = await cloud.deps.db.execute(sql`
      select count(*) as vouchers, sum(left_fen)::bigint as fen from voucher`);
    expect(rows).toEqual([{ vouchers: 3, fen: 4000 }]);
  });

  it('takes of the shares of a refund that comes after it what the refund took of the points, and no more', async () => {
    const { db, operatorId } = cloud.deps;
    // Half of 100.00 goes back: 10 of the 20 points that brought 10.00 of vouchers.
    const refund = { operatorId, merchantId: merchantOf(1), orderId: orderOf(1), refundNo: 1 };
    const today = '2026-04-30';
    const back = await db.transaction(async (tx) => {
      const locked = await lockPoints(tx, refund);
      const left = { cashFen: fen(5_000), concessionAfterFen: fen(1_000), today };
      return await clawBackPoints(tx, { ...refund, ...left }, locked);
    });
    expect(back).toEqual({ points: 1_000, cancelledFen: 500, debt: 0 });
  });
});
