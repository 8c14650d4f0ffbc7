import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, connectScoped } from '#cloud/platform/connect.ts';
import { migrate } from '#cloud/platform/migrate.ts';
import { startPostgresCluster } from '#cloud/platform/postgres-cluster.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import type { ReleaseStep } from '#cloud/release/run-release.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { BenchTable } from './bench-table.ts';
import { loadNetwork, operatorId, period, releaseDay } from './release/load.ts';
import { watchMemory } from './release/memory.ts';
import { releaseTable, type Beside, type Measured, type Timed } from './release/table.ts';
import { startTraffic, type Traffic } from './release/traffic.ts';
import { quantile } from './statistics.ts';

const accountsCount = Number(process.env['RELEASE_ACCOUNTS'] ?? 1_000_000);
/** Members who bought in the month, in percent: 8.7 of 21 million. 100 is the worst case. */
const buyersPercent = Number(process.env['RELEASE_BUYERS'] ?? 41);
const idleMs = 10_000;

const serverSettings = {
  shared_buffers: '2GB',
  work_mem: '16MB',
  maintenance_work_mem: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
  max_parallel_workers_per_gather: '2',
};

const settings = [
  'PostgreSQL 18, logged tables on disk, fsync, synchronous_commit and full_page_writes on',
  Object.entries(serverSettings)
    .map(([name, value]) => `${name} ${value}`)
    .join(', '),
  `${accountsCount} accounts, ${buyersPercent}% bought in the month; 300 orders/s booked beside each step`,
];

/**
 * One period close and one release day of a network (RELEASE_ACCOUNTS; the full size is 21,000,000) on PostgreSQL with
 * logged tables on a disk, fsync on, as the role of the cloud, while orders are booked. The limit is taken in the same run
 * with the same orders beside it: one aggregate over the accounts and one UPDATE of all their rows.
 */
export async function runReleaseBench(): Promise<BenchTable> {
  // /tmp may be memory; this must be a disk.
  const parent = process.env['RELEASE_FOLDER'] ?? (existsSync('/var/tmp') ? '/var/tmp' : tmpdir());
  const folder = mkdtempSync(join(parent, 'greentill-release-'));
  const cluster = await startPostgresCluster({ folder, durable: true, settings: serverSettings });
  const owner = connect(cluster.databaseUrl, { poolMax: 4 });
  const cloud = connectScoped(cluster.databaseUrl);
  // Orders are booked by another process: they wait for each other's connections, not for the release's.
  const shops = connectScoped(cluster.databaseUrl);
  const memory = watchMemory(folder);
  try {
    await migrate(owner.pool);
    const load = await timed(() => loadNetwork(owner, { accountsCount, buyersPercent }));
    note(`loaded in ${load.ms} ms`);
    const traffic = runScoped({ type: 'operator', operatorId }, () =>
      startTraffic(shops.db, accountsCount),
    );
    const measured = await measure({ owner: owner.pool, cloud: cloud.db, traffic });
    const failedBatches = await traffic.stop();
    const { ms: loadMs } = load;
    return releaseTable({ ...measured, failedBatches, loadMs, peakMb: memory.peakMb }, settings);
  } finally {
    memory.stop();
    await shops.pool.end();
    await cloud.pool.end();
    await owner.pool.end();
    cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const startedAtMs = performance.now();
  const value = await work();
  return { value, ms: Math.round(performance.now() - startedAtMs) };
}

const note = (text: string) =>
  console.log(`release: ${text} (load average ${loadavg()[0]!.toFixed(1)})`);

async function measure(context: {
  readonly owner: Pool;
  readonly cloud: ReturnType<typeof connectScoped>['db'];
  readonly traffic: Traffic;
}): Promise<Omit<Measured, 'failedBatches' | 'loadMs' | 'peakMb'>> {
  const { owner, cloud, traffic } = context;
  /** Each begins behind a checkpoint: its first touch of a page writes the page to the log. */
  const beside = async <T>(name: string, work: () => Promise<T>): Promise<Timed<T> & Beside> => {
    await owner.query('checkpoint');
    traffic.take();
    const done = await runScoped({ type: 'operator', operatorId }, () => timed(work));
    const rising = traffic.take();
    const [p50, p99] = [quantile(rising, 0.5), quantile(rising, 0.99)];
    note(`${name} ${done.ms} ms; orders p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms`);
    return { ...done, p50, p99 };
  };
  const idle = await beside('nothing', () => sleep(idleMs));
  const close = await beside('close', () =>
    cloud.transaction(async (tx) => getOrThrow(await closePeriod(tx, { operatorId, period }))),
  );
  const { steps, begin, observe } = stepTimes();
  const day = { operatorId, period, day: releaseDay };
  const run = await beside('release day', async () => {
    begin();
    return getOrThrow(await runReleaseDay(cloud, day, { observe }));
  });
  note(JSON.stringify(steps));
  const rerun = await beside('the same day again', async () =>
    getOrThrow(await runReleaseDay(cloud, day)),
  );
  const aggregate = await beside('floor: aggregate', () =>
    owner.query(`select sum(issued), sum(released), sum(cum_num)::text from account_points`),
  );
  const before = await hotUpdates(owner);
  const update = await beside('floor: update', () =>
    owner.query(`update account_points set released = released + 1`),
  );
  const after = await hotUpdates(owner);
  const { rows } = await owner.query<{ face: number }>(
    `select coalesce(sum(face_fen), 0)::bigint as face from voucher`,
  );
  return {
    idle,
    close,
    run,
    steps,
    rerunMs: rerun.ms,
    rerunIsNew: rerun.value.isNew,
    aggregate,
    update,
    hotPercent: Math.round((100 * (after.hot - before.hot)) / (after.all - before.all)),
    faceFen: rows[0]!.face,
  };
}

const phaseOf: Readonly<Record<ReleaseStep, string>> = {
  opened: 'cutting into chunks',
  'chunk-wanted': 'wants read and kept',
  planned: 'limit',
  allocated: 'theta and odd fen',
  'chunk-posted': 'chunks posted',
  posted: 'sums and explanation',
};

/** Milliseconds per phase: each step ends what went on since the step before it. */
function stepTimes() {
  const steps: Record<string, number> = {};
  let lastAtMs = 0;
  return {
    steps,
    begin: (): void => {
      lastAtMs = performance.now();
    },
    observe: (step: ReleaseStep): void => {
      const nowMs = performance.now();
      const phase = phaseOf[step];
      steps[phase] = Math.round((steps[phase] ?? 0) + nowMs - lastAtMs);
      lastAtMs = nowMs;
    },
  };
}

async function hotUpdates(owner: Pool): Promise<{ readonly all: number; readonly hot: number }> {
  await owner.query('select pg_stat_force_next_flush()');
  const { rows } = await owner.query<{ all: number; hot: number }>(
    `select n_tup_upd as all, n_tup_hot_upd as hot from pg_stat_user_tables
      where relname = 'account_points'`,
  );
  return rows[0]!;
}
