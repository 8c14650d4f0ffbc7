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
import { runReleaseDay, type ReleaseOutcome } from '#cloud/release/release-day.ts';
import type { ReleaseStep } from '#cloud/release/run-release.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { BenchRow, BenchTable, BenchVerdict } from './bench-table.ts';
import { describeMachine } from './machine.ts';
import { loadNetwork, operatorId, period, releaseDay } from './release-load.ts';
import { watchMemory } from './release-memory.ts';
import { percentile, startTraffic, type Traffic } from './release-traffic.ts';

const accountsCount = Number(process.env['RELEASE_ACCOUNTS'] ?? 1_000_000);
/** Members who bought in the month, in percent: 8.7 of 21 million. 100 is the worst case. */
const buyersPercent = Number(process.env['RELEASE_BUYERS'] ?? 41);
const idleMs = 10_000;
const ratioMax = 3;
const memoryMbMax = 4_096;
const trafficP99MsMax = 50;

const serverSettings = {
  shared_buffers: '2GB',
  work_mem: '16MB',
  maintenance_work_mem: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
  max_parallel_workers_per_gather: '2',
};

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
  const memory = watchMemory(folder);
  try {
    await migrate(owner.pool);
    const load = await timed(() => loadNetwork(owner, { accountsCount, buyersPercent }));
    note(`loaded in ${load.ms} ms`);
    const traffic = runScoped({ type: 'operator', operatorId }, () =>
      startTraffic(cloud.db, accountsCount),
    );
    const measured = await measure({ owner: owner.pool, cloud: cloud.db, traffic });
    await traffic.stop();
    return tableOf({ ...measured, loadMs: load.ms, peakMb: memory.peakMb });
  } finally {
    memory.stop();
    await cloud.pool.end();
    await owner.pool.end();
    cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Timed<T> {
  readonly value: T;
  readonly ms: number;
}

async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const startedAtMs = performance.now();
  const value = await work();
  return { value, ms: Math.round(performance.now() - startedAtMs) };
}

const note = (text: string) =>
  console.log(`release: ${text} (load average ${loadavg()[0]!.toFixed(1)})`);

interface Measured {
  readonly idle: Beside;
  readonly close: Timed<unknown> & Beside;
  readonly run: Timed<ReleaseOutcome> & Beside;
  readonly steps: Readonly<Record<string, number>>;
  readonly rerunMs: number;
  readonly rerunIsNew: boolean;
  readonly aggregate: Timed<unknown>;
  readonly update: Timed<unknown> & Beside;
  readonly hotPercent: number;
  readonly faceFen: number;
}

/** What orders that were booked at the same time took. */
interface Beside {
  readonly p50: number;
  readonly p99: number;
}

async function measure(context: {
  readonly owner: Pool;
  readonly cloud: ReturnType<typeof connectScoped>['db'];
  readonly traffic: Traffic;
}): Promise<Measured> {
  const { owner, cloud, traffic } = context;
  /** Each begins behind a checkpoint: its first touch of a page writes the page to the log. */
  const beside = async <T>(name: string, work: () => Promise<T>): Promise<Timed<T> & Beside> => {
    await owner.query('checkpoint');
    traffic.take();
    const done = await runScoped({ type: 'operator', operatorId }, () => timed(work));
    const rising = traffic.take();
    const [p50, p99] = [percentile(rising, 50), percentile(rising, 99)];
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
    owner.query(`select sum(issued), sum(released), sum(cum_num) from account_points`),
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
    begin(): void {
      lastAtMs = performance.now();
    },
    observe(step: ReleaseStep): void {
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

function tableOf(
  found: Measured & {
    readonly loadMs: number;
    readonly peakMb: { readonly database: number; readonly own: number };
  },
): BenchTable {
  const { close, run, aggregate, update, peakMb } = found;
  const floorMs = aggregate.ms + update.ms;
  const ratio = (ms: number) => Math.round((ms * 100) / floorMs) / 100;
  const row = (name: string, value: number, given?: number): BenchRow => ({
    name,
    value,
    unit: 'ms',
    ...(given === undefined ? {} : { ratio: given }),
  });
  const tenth = (ms: number) => Math.round(ms * 10) / 10;
  const verdict = (law: string, measured: string, ok: boolean): BenchVerdict => ({
    law,
    measured,
    ok,
  });
  const besides = Math.max(close.p99, run.p99);
  const outcome = run.value;
  return {
    name: 'release',
    machine: `${describeMachine()}, load average ${loadavg()[0]!.toFixed(1)}`,
    settings: [
      'PostgreSQL 18, logged tables on disk, fsync, synchronous_commit and full_page_writes on',
      Object.entries(serverSettings)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
      `${accountsCount} accounts, ${buyersPercent}% bought in the month; 300 orders/s booked beside each step`,
    ],
    rows: [
      row('load, indexes, vacuum', found.loadMs),
      row('limit: one aggregate over the accounts', aggregate.ms),
      row(`limit: one UPDATE of the same rows (${found.hotPercent}% HOT)`, update.ms),
      row('period close (ratio: to the limit)', close.ms, ratio(close.ms)),
      row(
        `release day, ${outcome.accountCount} vouchers (ratio: to the limit)`,
        run.ms,
        ratio(run.ms),
      ),
      ...Object.entries(found.steps).map(([name, ms]) => row(`  ${name}`, ms)),
      row('the same day again', found.rerunMs),
      row('orders beside nothing, p50', tenth(found.idle.p50)),
      row('orders beside nothing, p99', tenth(found.idle.p99)),
      row('orders beside the limit, p50', tenth(update.p50)),
      row('orders beside the limit, p99', tenth(update.p99)),
      row('orders beside the close, p50', tenth(close.p50)),
      row('orders beside the close, p99', tenth(close.p99)),
      row('orders beside the release, p50', tenth(run.p50)),
      row('orders beside the release, p99', tenth(run.p99)),
      { name: 'peak memory of the database', value: peakMb.database, unit: 'MB' },
      { name: 'peak memory of this process', value: peakMb.own, unit: 'MB' },
    ],
    verdicts: [
      verdict(
        `a release day costs at most ${ratioMax} times the limit`,
        `${ratio(run.ms)} times`,
        run.ms <= ratioMax * floorMs,
      ),
      verdict(
        `a period close costs at most ${ratioMax} times the limit`,
        `${ratio(close.ms)} times`,
        close.ms <= ratioMax * floorMs,
      ),
      verdict(
        `database and cloud take at most ${memoryMbMax} MB`,
        `${peakMb.database + peakMb.own} MB`,
        peakMb.database + peakMb.own <= memoryMbMax,
      ),
      verdict(
        `orders beside it: p99 under ${trafficP99MsMax} ms`,
        `${besides.toFixed(1)} ms`,
        besides < trafficP99MsMax,
      ),
      verdict(
        'a release day divides its limit to the fen among accounts that compete for it',
        `${found.faceFen} of ${outcome.limitFen} fen in vouchers, theta ${outcome.theta}`,
        outcome.releasedFen === outcome.limitFen &&
          found.faceFen === outcome.limitFen &&
          outcome.theta !== '1',
      ),
      verdict('the same day again moves nothing', `new: ${found.rerunIsNew}`, !found.rerunIsNew),
    ],
  };
}
