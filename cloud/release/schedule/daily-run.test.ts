import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { createPaymentRoom } from '#cloud/payment-room.ts';
import {
  buildTestApp,
  createTestCloud,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  balancesOf,
  fundWith,
  memberOf,
  orderOf,
  paidOrder,
} from '#cloud/points/testing/points-fixtures.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import { startWorkers } from '#cloud/workers.ts';
import { fen } from '#shared/money/fen.ts';
import { claimDays } from '#shared/points/issue/claim-window.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { addDays, dayStartMs } from '#shared/time/calendar-day.ts';

const today = '2026-07-01';
const finalOn = addDays(today, -claimDays);

let cloud: TestCloud;
let app: CloudApp;

/** Two vouchers of 5.00 that end yesterday and today, and two receipts: one at the end of its time, one past it. */
beforeEach(async () => {
  cloud = await createTestCloud({ clock: createManualClock(dayStartMs(today)) });
  app = await buildTestApp(cloud);
  const { db, operatorId } = cloud.deps;
  await db.transaction(async (tx) => {
    const orders = [1, 2].map((index) => paidOrder(operatorId, index, { day: '2026-03-01' }));
    await issuePendingPoints(tx, orders);
    await makePointsFinal(tx, { operatorId, orderIds: [orderOf(1)], asOf: addDays(finalOn, -1) });
    await makePointsFinal(tx, { operatorId, orderIds: [orderOf(2)], asOf: finalOn });
    await fundWith(tx, operatorId, { key: 'fund', amountFen: 1000 });
    const legs = [
      { account: 'fund_free', amountFen: fen(-1000) },
      { account: 'voucher_outstanding', amountFen: fen(1000) },
    ] as const;
    const journal = { operatorId, merchantId: null, kind: 'release', eventAtMs: 0, legs };
    getOrThrow(await postJournals(tx, [{ ...journal, idemKey: 'release' }]));
    for (const lastDay of [addDays(today, -1), today])
      await tx.execute(sql`
        insert into voucher (operator_id, voucher_id, member_id, period, day, face_fen, left_fen,
                             expires_on)
        values (${operatorId}, ${`to-${lastDay}`}, ${memberOf(1)}, '2026-02', '2026-03-01', 500, 500,
                ${lastDay}::date)`);
  });
});
afterEach(async () => {
  await app.close();
  await cloud.close();
});

const run = (day: string) =>
  app.inject({
    method: 'POST',
    url: '/admin/v1/daily-runs',
    headers: { authorization: `Bearer ${cloud.deps.operatorToken}` },
    payload: { day },
  });

async function state() {
  const { db, operatorId } = cloud.deps;
  const { rows } = await db.execute<{ order_id: string }>(sql`
    select order_id from points_lot where operator_id = ${operatorId} and state = 'lapsed'`);
  const books = await balancesOf(db, operatorId);
  return { lapsed: rows.map((row) => row.order_id), fundFen: books['fund_free'] };
}

const done = { day: today, expiredVouchers: 1, backToFundFen: 500, lapsedLots: 1 };

describe('the daily run', () => {
  it('ends what the day ends, once, however often it is asked', async () => {
    expect((await run(today)).json()).toEqual(done);
    expect(await state()).toEqual({ lapsed: [orderOf(1)], fundFen: 500 });
    const again = await Promise.all([1, 2, 3].map(() => run(today)));
    for (const answer of again) expect(answer.json()).toEqual(done);
    expect(await state()).toEqual({ lapsed: [orderOf(1)], fundFen: 500 });
  });

  it('takes nothing that is still good: a voucher on its last day, a receipt on its last day', async () => {
    const early = (await run(addDays(today, -1))).json();
    expect(early).toMatchObject({ expiredVouchers: 0, lapsedLots: 0 });
    await run(today);
    const { rows } = await cloud.deps.db.execute(sql`
      select (select count(*) from voucher where left_fen = 500) as vouchers,
             (select count(*) from points_lot where state = 'unclaimed') as receipts`);
    expect(rows).toEqual([{ vouchers: 1, receipts: 1 }]);
  });

  it('refuses a day that has not come: vouchers that are still good would end', async () => {
    const answer = await run(addDays(today, 1));
    expect(answer.json()).toMatchObject({ status: 409, code: 'day-in-future' });
    expect((await state()).fundFen).toBe(0);
  });

  it('runs without anybody asking', async () => {
    const { deps } = cloud;
    const workers = startWorkers(deps, createPaymentRoom(deps, {}));
    try {
      await vi.waitFor(
        async () => expect(await state()).toEqual({ lapsed: [orderOf(1)], fundFen: 500 }),
        { timeout: 10_000, interval: 50 },
      );
    } finally {
      await workers.stop();
    }
  });
});
