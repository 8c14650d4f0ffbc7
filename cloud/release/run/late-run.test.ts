import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import type { Tx } from '#cloud/platform/db.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  fundWith,
  operatorOf,
  orderOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';

const database = useTestDatabase();
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);

/** February is closed with an open gate; both members shop on 5 March. Vouchers are good for 30 days. */
async function openPlatform(operatorId: OperatorId): Promise<void> {
  await inTx(async (tx) => {
    await usePilotConfig(tx, operatorId, { voucherDays: 30 });
    await fundWith(tx, operatorId, { key: 'fund', amountFen: 70_000 });
    await issuePendingPoints(tx, [
      paidOrder(operatorId, 1, { day: '2026-01-02', member: 1, netFen: 250_000 }),
      paidOrder(operatorId, 2, { day: '2026-02-02', member: 2, netFen: 250_000 }),
      paidOrder(operatorId, 3, { day: '2026-03-05', member: 1, netFen: 4000 }),
      paidOrder(operatorId, 4, { day: '2026-03-05', member: 2, netFen: 4000 }),
    ]);
    await makePointsFinal(tx, { operatorId, orderIds: [orderOf(1)], asOf: '2026-01-09' });
    getOrThrow(await closePeriod(tx, { operatorId, period: '2026-01' }));
    await makePointsFinal(tx, { operatorId, orderIds: [orderOf(2)], asOf: '2026-02-09' });
    getOrThrow(await closePeriod(tx, { operatorId, period: '2026-02' }));
  });
}

it.each([
  ['the day after', '2026-03-06', '2026-04-30'],
  ['the day after the window', '2026-04-01', '2026-04-30'],
  ['two months later, after a hold', '2026-06-01', '2026-06-30'],
])('gives vouchers that are good for their days, run %s (%s)', async (_when, today, expiresOn) => {
  const operatorId = operatorOf(Number(today.slice(5, 7)) * 100 + Number(today.slice(8)));
  await openPlatform(operatorId);
  const key = { operatorId, period: '2026-02', day: '2026-03-05' };
  const run = getOrThrow(await runReleaseDay(database.db, key, { today }));
  expect(run.accountCount).toBe(2);
  const { rows } = await database.db.execute(sql`
      select distinct expires_on::text as until from voucher where operator_id = ${operatorId}`);
  expect(rows).toEqual([{ until: expiresOn }]);
  expect(run.explanation).toMatchObject({ expiresOn });
});

it('keeps the last day that was fixed, whoever carries the run on', async () => {
  const operatorId = operatorOf(77);
  await openPlatform(operatorId);
  const key = { operatorId, period: '2026-02', day: '2026-03-05' };
  const cut = runReleaseDay(database.db, key, {
    today: '2026-06-01',
    observe: (step) => {
      if (step === 'allocated') throw new Error('gone');
    },
  });
  await expect(cut).rejects.toThrow('gone');
  const run = getOrThrow(await runReleaseDay(database.db, key, { today: '2026-06-03' }));
  expect(run.explanation).toMatchObject({ expiresOn: '2026-06-30' });
});
