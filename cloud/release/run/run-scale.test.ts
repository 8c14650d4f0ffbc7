import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  fundWith,
  operatorOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';
import { getOrThrow } from '#shared/result/result.ts';

/**
 * The planner knows nothing of a freshly loaded operator and takes thousands of accounts for one. Joins that it then
 * chose took 105 s for a release day of 20,000 accounts, and more than 10 minutes for 4,000 owners of final points.
 */
const accountsCount = 20_000;
const ownersCount = 2_000;
const statementTimeoutMs = 15_000;

const database = useTestDatabase();

beforeAll(async () => {
  // Statistics that come by themselves in the middle of a test would hide what it looks for.
  for (const table of ['account_points', 'points_order', 'points_lot', 'release_chunk_want'])
    await database.db.execute(sql`
      alter table ${sql.identifier(table)} set (autovacuum_enabled = false)`);
});

const inTime = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
  database.db.transaction(async (tx) => {
    await tx.execute(sql.raw(`set local statement_timeout = ${statementTimeoutMs}`));
    return work(tx);
  });

/** Accounts with running and ending lots, purchases in two months, a fund and a smaller month before. */
async function loadAccounts(tx: Tx, operatorId: OperatorId): Promise<void> {
  await usePilotConfig(tx, operatorId, { bonusRequiresScore: true });
  await fundWith(tx, operatorId, { key: 'fund', amountFen: accountsCount * 200 });
  await tx.execute(sql`
    insert into account_points (operator_id, member_id, issued, active_num)
    select ${operatorId}, 'mbr_' || i, 100 + i % 900,
           (100 + i % 900)::numeric * ${String(scheduleLcm / 40n)}::numeric
      from generate_series(1, ${accountsCount}::integer) i`);
  await tx.execute(sql`
    insert into points_lot (operator_id, order_id, kind, merchant_id, member_id, points, state,
                            final_on, issued_in, entered_in, n, ends_in)
    select ${operatorId}, 'old_' || i, 'consumer', 'mch_1', 'mbr_' || i, 40, 'final',
           '2022-11-09', '2022-11', '2022-11', 40, '2026-02'
      from generate_series(2, ${accountsCount}::integer, 2) i`);
  await tx.execute(sql`
    insert into points_order (operator_id, order_id, merchant_id, member_id, accepted_on, net_fen,
                              concession_fen, merchant_points)
    select ${operatorId}, 'ord_' || month || '_' || i, 'mch_' || (i + month) % 100, 'mbr_' || i,
           make_date(2026, month, 5), case when i % 3 = 0 then 2 else 5000 end, 0, 0
      from generate_series(1, ${accountsCount}::integer) i, generate_series(2, 3) month`);
  await tx.execute(sql`
    insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
      unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation, explanation_hash)
    values (${operatorId}, '2026-01', 1, false, 'no-previous-pool', 1000, 1000, 10000, 0, 40,
            '{}', ${'0'.repeat(64)})`);
  await tx.execute(sql`
    update points_book set last_closed_period = '2026-01' where operator_id = ${operatorId}`);
}

describe('without statistics of the operator', () => {
  it.each([
    { of: 'a table that was never analysed', operatorId: operatorOf(1), analyse: false },
    { of: 'a table analysed before the operator came', operatorId: operatorOf(2), analyse: true },
  ])(
    `closes a period and runs two days over ${accountsCount} accounts: $of`,
    async ({ operatorId, analyse }) => {
      if (analyse) await database.db.execute(sql`analyze`);
      await database.db.transaction((tx) => loadAccounts(tx, operatorId));
      const period = '2026-02';
      const closed = getOrThrow(await inTime((tx) => closePeriod(tx, { operatorId, period })));
      expect(closed.gateOpen).toBe(true);
      const [first, second] = [
        await inTime((tx) => runReleaseDay(tx, { operatorId, period, day: '2026-03-05' })),
        await inTime((tx) => runReleaseDay(tx, { operatorId, period, day: '2026-03-06' })),
      ].map(getOrThrow);
      expect(first!.accountCount).toBeGreaterThan(accountsCount / 3);
      expect(first!.releasedFen).toBe(first!.limitFen);
      expect(second).toMatchObject({ binding: 'day-consumption', releasedFen: 0 });
    },
    120_000,
  );

  it(`makes the points of ${ownersCount} owners final`, async () => {
    const operatorId = operatorOf(3);
    const orders = Array.from({ length: ownersCount }, (_, index) =>
      paidOrder(operatorId, index + 1, { day: '2026-01-05', member: index + 1 }),
    );
    const orderIds = orders.map(({ orderId }) => orderId);
    await inTime((tx) => issuePendingPoints(tx, orders));
    const done = await inTime((tx) =>
      makePointsFinal(tx, { operatorId, orderIds, asOf: '2026-01-15' }),
    );
    expect(done).toEqual({ final: ownersCount });
  }, 60_000);
});
