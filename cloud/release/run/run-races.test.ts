import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { attachMember } from '#cloud/points/claim-points.ts';
import {
  fundWith,
  memberOf,
  operatorOf,
  orderOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import { runFinality } from '#cloud/settlement/finality.ts';
import { settlementLaws } from '#cloud/settlement/settlement-laws.ts';
import { expireVouchers } from '#cloud/vouchers/expire-vouchers.ts';
import { reserveVouchers } from '#cloud/vouchers/reservations.ts';
import { voucherLaws } from '#cloud/vouchers/voucher-laws.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { fen } from '#shared/money/fen.ts';
import { addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import { getOrThrow } from '#shared/result/result.ts';

const database = useTestDatabase();
const operatorId = operatorOf(1);
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);
const lanes = [1, 2, 3] as const;
const laws = [...ledgerLaws, ...settlementLaws, ...voucherLaws];
const broken = async () =>
  (await proveLaws(database.db, { operatorId, laws })).filter((proof) => !proof.holds);

/** `count` orders of 100.00 at 20%, one a day; of every third nobody has the points yet. */
const sell = (first: number, firstDay: string, count: number) =>
  inTx(async (tx) =>
    getOrThrow(
      await bookPaidOrders(
        tx,
        Array.from({ length: count }, (_, n) =>
          paidOrder(operatorId, first + n, {
            day: addDays(firstDay, n),
            ...(n % 3 === 0 ? {} : { member: 1 + (n % 4) }),
          }),
        ),
      ),
    ),
  );
const finality = (day: string) =>
  inTx((tx) => runFinality(tx, { operatorId, asOfMs: dayStartMs(day) }));
const claim = (order: number, member: number, asOf: string) =>
  inTx((tx) =>
    attachMember(tx, { operatorId, orderId: orderOf(order), memberId: memberOf(member), asOf }),
  );
const accountsOf = async () =>
  (
    await database.db.execute<{ issued: number; lots: number }>(sql`
      select (select coalesce(sum(issued), 0) from account_points
               where operator_id = ${operatorId})::bigint as issued,
             (select coalesce(sum(points), 0) from points_lot
               where operator_id = ${operatorId} and state = 'final')::bigint as lots`)
  ).rows[0]!;

it('closes, finality, claims, releases, spending and expiry side by side: each happens once, and every law holds', async () => {
  await inTx((tx) => usePilotConfig(tx, operatorId));
  await inTx((tx) => fundWith(tx, operatorId, { key: 'seed', amountFen: 500_000 }));
  await sell(1, '2026-01-02', 20);
  await finality('2026-01-31');
  await inTx((tx) => closePeriod(tx, { operatorId, period: '2026-01' }));
  await sell(101, '2026-02-01', 27);
  // Enough is final that the gate opens whoever comes first.
  await finality('2026-02-18');

  // The last minutes before and after the close of February, from three nodes at once, with two people per receipt.
  const stormed = await Promise.all(
    lanes.flatMap((lane) => [
      finality('2026-02-20'),
      inTx((tx) => closePeriod(tx, { operatorId, period: '2026-02' })),
      finality('2026-03-08'),
      ...[1, 4, 101, 104, 107].map((order) => claim(order, 10 + lane, '2026-03-01')),
    ]),
  );
  const closes = stormed.filter((one) => 'ok' in one && one.ok && 'gateOpen' in one.value);
  const isNew = closes.map(
    (one) => 'ok' in one && one.ok && 'isNew' in one.value && one.value.isNew,
  );
  expect(isNew.filter(Boolean)).toHaveLength(1);
  const { rows: owners } = await database.db.execute<{ owners: number }>(sql`
    select count(distinct l.member_id) as owners from points_lot l
     where l.operator_id = ${operatorId} and l.kind = 'consumer'
       and l.order_id in (${orderOf(1)}, ${orderOf(101)}) group by l.order_id`);
  expect(owners.map((row) => row.owners)).toEqual([1, 1]);
  const accounts = await accountsOf();
  expect(accounts.issued).toBe(accounts.lots);
  expect(await broken()).toEqual([]);

  await sell(201, '2026-03-01', 5);
  const days = ['2026-03-03', '2026-03-04', '2026-03-05'];
  const releases = await Promise.all(
    lanes.flatMap(() => [
      ...days.map((day) => inTx((tx) => runReleaseDay(tx, { operatorId, period: '2026-02', day }))),
      finality('2026-03-30'),
      inTx((tx) => expireVouchers(tx, { operatorId, today: '2027-12-31' })),
      ...lanes.map((order) =>
        inTx((tx) =>
          reserveVouchers(tx, {
            operatorId,
            memberId: memberOf(2),
            orderId: orderOf(900 + order),
            amountFen: fen(400),
            today: '2026-03-05',
            nowMs: dayStartMs('2026-03-05'),
          }),
        ),
      ),
    ]),
  );
  const runs = releases.flatMap((one) =>
    'ok' in one && one.ok && 'runId' in one.value ? [one.value] : [],
  );
  expect(runs.filter((run) => run.isNew)).toHaveLength(days.length);
  const byDay = new Map(runs.map((run) => [run.runId, run.releasedFen]));
  for (const run of runs) expect(run.releasedFen).toBe(byDay.get(run.runId));
  const { rows } = await database.db.execute<{ face: number; released: number }>(sql`
    select (select coalesce(sum(face_fen), 0) from voucher
             where operator_id = ${operatorId})::bigint as face,
           (select coalesce(sum(released_fen), 0) from release_run
             where operator_id = ${operatorId})::bigint as released`);
  expect(rows[0]!.face).toBe(rows[0]!.released);
  expect(rows[0]!.released).toBeGreaterThan(0);
  expect(await broken()).toEqual([]);
});
