import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { migrate } from '#cloud/platform/migrate.ts';
import { openDatabase } from '#cloud/platform/open-database.ts';
import { putPointsConfig } from '#cloud/points/points-config-store.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { defaultPointsConfig } from '#shared/points/points-config.ts';
import { scheduleLcm } from '#shared/points/schedule.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { BenchTable } from './bench-table.ts';
import { describeMachine } from './machine.ts';

const accountsCount = 200_000;
const fundFen = 40_000_000;
const operatorId = 'opr_01J00000000000000000000001' as OperatorId;

/**
 * One period close and one release day over 200,000 accounts on the embedded PostgreSQL, fsync on. The limit in the
 * same run is a bare copy: as many rows as the run gives vouchers, into a table that has only their key.
 */
export async function runReleaseBench(): Promise<BenchTable> {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-release-'));
  const database = await openDatabase({ dataFolder: folder });
  try {
    await migrate(database.pool);
    await database.db.transaction(plant);
    // No ANALYZE: a freshly loaded operator is the hard case, and the statements must not need it.
    const closed = await timed(() =>
      database.db.transaction((tx) => closePeriod(tx, { operatorId, period: '2026-02' })),
    );
    const day = { operatorId, period: '2026-02', day: '2026-03-05' };
    const run = await timed(() => database.db.transaction((tx) => runReleaseDay(tx, day)));
    const outcome = getOrThrow(run.value);
    const bare = await timed(() =>
      database.db
        .execute(
          sql`
        create table bare as
        select operator_id, voucher_id, member_id, alloc_fen from release_allocation`,
        )
        .then(() =>
          database.db.execute(sql`alter table bare add primary key (operator_id, voucher_id)`),
        ),
    );
    const rerun = await timed(() => database.db.transaction((tx) => runReleaseDay(tx, day)));
    return {
      name: 'release',
      machine: describeMachine(),
      rows: [
        { name: `period close, ${accountsCount} accounts`, value: closed.ms, unit: 'ms' },
        {
          name: `release day, ${outcome.accountCount} vouchers (ratio: to the bare copy)`,
          value: run.ms,
          unit: 'ms',
          ratio: Math.round((run.ms * 10) / bare.ms) / 10,
        },
        { name: 'bare copy with a key', value: bare.ms, unit: 'ms' },
        { name: 'the same day again', value: rerun.ms, unit: 'ms' },
      ],
      verdicts: [
        {
          law: 'a release day divides its limit to the fen among accounts that compete for it',
          measured: `${outcome.releasedFen} of ${outcome.limitFen} fen, theta ${outcome.theta}`,
          ok: outcome.releasedFen === outcome.limitFen && outcome.theta !== '1',
        },
        {
          law: 'the same day again moves nothing',
          measured: `new: ${getOrThrow(rerun.value).isNew}`,
          ok: !getOrThrow(rerun.value).isNew,
        },
      ],
    };
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly ms: number }> {
  const startedAtMs = performance.now();
  const value = await work();
  return { value, ms: Math.round(performance.now() - startedAtMs) };
}

/** Accounts with running lots, a previous close to grow from, a fund, and purchases that cap every third account. */
async function plant(tx: Tx): Promise<void> {
  getOrThrow(
    await putPointsConfig(tx, {
      operatorId,
      effectivePeriod: '2020-01',
      config: {
        ...defaultPointsConfig,
        gateMaxTopMerchantShareBp: basisPoints(10_000),
        gateMinScale: pointFen(0),
      },
      proposedBy: 'bench-a',
      approvedBy: 'bench-b',
    }),
  );
  getOrThrow(
    await postJournals(tx, [
      {
        operatorId,
        merchantId: null,
        idemKey: 'fund',
        kind: 'bench-fund',
        eventAtMs: 0,
        legs: [
          { account: 'ring_fenced_cash', amountFen: fen(-fundFen) },
          { account: 'fund_free', amountFen: fen(fundFen) },
        ],
      },
    ]),
  );
  await tx.execute(sql`
    insert into account_points (operator_id, member_id, issued, active_num)
    select ${operatorId}, 'mbr_' || i, 100 + i % 900,
           (100 + i % 900)::numeric * ${String(scheduleLcm / 40n)}::numeric
      from generate_series(1, ${accountsCount}::integer) i`);
  await tx.execute(sql`
    insert into points_order (operator_id, order_id, merchant_id, member_id, accepted_on, net_fen,
                              concession_fen, merchant_points)
    select ${operatorId}, 'ord_' || i, 'mch_' || i % 100, 'mbr_' || i, '2026-03-05',
           case when i % 3 = 0 then 2 else 5000 end, 0, 0
      from generate_series(1, ${accountsCount}::integer) i`);
  await tx.execute(sql`
    insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
      unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation, explanation_hash)
    values (${operatorId}, '2026-01', 1, false, 'no-previous-pool', 1000, 1000, 10000, 0, 40,
            '{}', ${'0'.repeat(64)})`);
  await tx.execute(sql`
    update points_book set last_closed_period = '2026-01' where operator_id = ${operatorId}`);
}
