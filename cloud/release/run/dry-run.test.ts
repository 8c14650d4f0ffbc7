import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { inTransaction } from '#cloud/platform/dry-run.ts';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import { createScopedDb } from '#cloud/platform/tenancy/scoped-db.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { lockBook } from '#cloud/points/points-config-store.ts';
import {
  balancesOf,
  fundWith,
  operatorOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import type { ReleaseStep } from '#cloud/release/run/run-steps.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';
import { getOrThrow } from '#shared/result/result.ts';

const accountsCount = 60;
const period = '2026-02';
const days = ['2026-03-05', '2026-03-06'] as const;

const database = useTestDatabase();
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);

/** Sixty accounts in seven chunks that want more than the budget has. */
async function loadOperator(operatorId: OperatorId): Promise<void> {
  await inTx(async (tx) => {
    await usePilotConfig(tx, operatorId);
    await fundWith(tx, operatorId, { key: 'fund', amountFen: accountsCount * 5_000 });
    await tx.execute(sql`
      insert into account_points (operator_id, member_id, issued, cum_num)
      select ${operatorId}, 'mbr_' || lpad(i::text, 2, '0'), 2000,
             (100 + i)::numeric * ${String(scheduleLcm)}::numeric
        from generate_series(1, ${accountsCount}::integer) i`);
    await tx.execute(sql`
      insert into points_order (operator_id, order_id, merchant_id, member_id, accepted_on, net_fen,
                                concession_fen, merchant_points)
      select ${operatorId}, 'ord_' || day || '_' || i, 'mch_1', 'mbr_' || lpad(i::text, 2, '0'),
             day, 9000, 0, 0
        from generate_series(1, ${accountsCount}::integer) i,
             unnest(${sql.param([...days])}::date[]) day`);
    await tx.execute(sql`
      insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
        unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation, explanation_hash)
      values (${operatorId}, ${period}, 1, true, 'open', 1000, 1000, 20000, 7001, 40, '{}',
              ${'0'.repeat(64)})`);
    await tx.execute(sql`
      update points_book set last_closed_period = ${period} where operator_id = ${operatorId}`);
    await tx.execute(sql`
      insert into account_cut (operator_id, from_member)
      select ${operatorId}, 'mbr_' || lpad(i::text, 2, '0') from generate_series(9, 60, 9) i`);
  });
}

/** In the tenant's role, as the route does it. */
const dryRun = (
  operatorId: OperatorId,
  day: string,
  observe: (step: ReleaseStep) => void | Promise<void> = () => undefined,
) =>
  runScoped({ type: 'operator', operatorId }, () =>
    inTransaction(createScopedDb(database.pool), { dryRun: true }, (tx) =>
      runReleaseDay(tx, { operatorId, period, day }, { isDry: true, observe }),
    ),
  );

const release = (operatorId: OperatorId, day: string) =>
  runReleaseDay(database.db, { operatorId, period, day });

/** Waits for nobody's lock longer than half a second. */
const impatient = (work: (tx: Tx) => Promise<unknown>) =>
  inTx(async (tx) => {
    await tx.execute(sql`set local lock_timeout = '500ms'`);
    return work(tx);
  });

async function tracesOf(operatorId: OperatorId): Promise<unknown> {
  const { rows } = await database.db.execute(sql`
    select (select json_agg(to_jsonb(a) order by member_id) from account_points a
             where operator_id = ${operatorId}) as accounts,
           (select json_agg(to_jsonb(v) order by voucher_id) from voucher v
             where operator_id = ${operatorId}) as vouchers,
           (select json_agg(to_jsonb(r) order by day) from release_run r
             where operator_id = ${operatorId}) as runs`);
  return { ...rows[0], books: await balancesOf(database.db, operatorId) };
}

it('a dry run of a release answers what the run will, and leaves nothing', async () => {
  const operatorId = operatorOf(1);
  await loadOperator(operatorId);
  for (const day of days) {
    const before = await tracesOf(operatorId);
    const dry = getOrThrow(await dryRun(operatorId, day));
    expect(await tracesOf(operatorId)).toEqual(before);
    const run = getOrThrow(await release(operatorId, day));
    expect(dry).toEqual(run);
    expect(run.releasedFen).toBeGreaterThan(100);
    expect(run.theta).not.toBe('1');
  }
});

it('nobody waits for a dry run at any of its steps, nor it for them: orders, locks on all that it read, the run itself', async () => {
  const operatorId = operatorOf(2);
  await loadOperator(operatorId);
  const steps: ReleaseStep[] = [];
  let released: unknown;
  const observe = async (step: ReleaseStep): Promise<void> => {
    steps.push(step);
    const order = paidOrder(operatorId, steps.length, { day: '2026-03-07', member: 1 });
    await impatient(async (tx) => getOrThrow(await bookPaidOrders(tx, [order])));
    await impatient(async (tx) => {
      await lockBook(tx, operatorId, 'update');
      for (const table of ['account_points', 'ledger_balance', 'voucher', 'release_run'])
        await tx.execute(sql`
          select 1 from ${sql.identifier(table)} where operator_id = ${operatorId} for update`);
    });
    // The whole day is released for good while the dry run stands between two of its chunks.
    if (step === 'chunk-posted') released ??= getOrThrow(await release(operatorId, days[0]));
  };
  const dry = getOrThrow(await dryRun(operatorId, days[0], observe));
  expect(steps.filter((step) => step === 'chunk-posted')).toHaveLength(7);
  expect(dry).toEqual(released);
});

it('a dry run behind a run that stands open counts on what that one will leave', async () => {
  const operatorId = operatorOf(3);
  await loadOperator(operatorId);
  // On one connection: a second one would go on with its chunk while the dry run looks.
  const cut = runReleaseDay(
    database.db,
    { operatorId, period, day: days[0] },
    {
      pace: { name: 'quiet', clock: createSystemClock() },
      observe: (step) => {
        if (step === 'chunk-posted') throw new Error('gone');
      },
    },
  );
  await expect(cut).rejects.toThrow('gone');
  const before = await tracesOf(operatorId);
  const dry = getOrThrow(await dryRun(operatorId, days[1]));
  expect(await tracesOf(operatorId)).toEqual(before);
  expect(dry).toEqual(getOrThrow(await release(operatorId, days[1])));
});
