import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, connectScoped } from '#cloud/platform/postgres/connect.ts';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import { migrate } from '#cloud/platform/postgres/migrate.ts';
import { startPostgresCluster } from '#cloud/platform/postgres/postgres-cluster.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import type { CloseStep } from '#cloud/release/close/close-steps.ts';
import { isPaceName, paces, type PaceName } from '#cloud/release/chunks/pace.ts';
import { chunkAccounts } from '#cloud/release/accounts/account-ranges.ts';
import type { ReleaseStep } from '#cloud/release/run/run-steps.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { BenchTable } from './bench-table.ts';
import { loadNetwork, operatorId, period, releaseDay } from './release/load.ts';
import { serverProcessorMs, watchMemory } from './release/memory.ts';
import { releaseTable, type Beside, type Measured, type Timed } from './release/table.ts';
import { startTraffic, type Traffic } from './release/traffic.ts';
import { quantile } from './statistics.ts';

/** One size, or several with commas between them: the cost per account of each is printed. */
const sizes = (process.env['RELEASE_ACCOUNTS'] ?? '1000000')
  .split(',')
  .map(Number)
  .toSorted((a, b) => a - b);
/** Members who bought in the month, in percent: 8.7 of 21 million. 100 is the worst case. */
const buyersPercent = Number(process.env['RELEASE_BUYERS'] ?? 41);
const pace = {
  name: paceNamed(process.env['RELEASE_PACE'] ?? 'neighbourly'),
  clock: createSystemClock(),
};
/** Orders run for so long before anything is measured: connections, plans and caches are those of a cloud at work. */
const warmMs = 40_000;
/** Long enough for 600 batches of orders: of 100 the p99 would be the worst of all. */
const idleMs = 30_000;
/** A line so often while chunks are worked on. */
const progressEveryMs = 15_000;

const serverSettings = {
  shared_buffers: '2GB',
  work_mem: '16MB',
  maintenance_work_mem: '512MB',
  // A run of 21 million accounts writes 14 GB of log; half of this forces a checkpoint, after
  // which pages go there whole.
  max_wal_size: '24GB',
  checkpoint_timeout: '30min',
  checkpoint_completion_target: '0.9',
  // Segments of the log are kept and used again: a new one is written full of zeros first, and
  // every commit waits for it.
  min_wal_size: '12GB',
  // Dirty pages are written before somebody needs their place: an order that must do it waits for the log first.
  bgwriter_delay: '20ms',
  bgwriter_lru_maxpages: '1000',
  bgwriter_lru_multiplier: '4',
  max_parallel_workers_per_gather: '2',
};

const settings = [
  'PostgreSQL 18, logged tables on disk, fsync, synchronous_commit and full_page_writes on',
  Object.entries(serverSettings)
    .map(([name, value]) => `${name} ${value}`)
    .join(', '),
  `${sizes.join(', ')} accounts, ${buyersPercent}% bought in the month; 300 orders/s booked beside each step`,
  `pace ${pace.name}: ${JSON.stringify(paces[pace.name])}, chunks of ${chunkAccounts} accounts`,
];

/**
 * One period close and one release day of a network (RELEASE_ACCOUNTS; the full size is 21,000,000)
 * on PostgreSQL with logged tables on a disk, fsync on, as the role of the cloud, while orders are
 * booked. The limit is taken in the same run with the same orders beside it: one aggregate over the
 * accounts and one UPDATE of all their rows.
 */
export async function runReleaseBench(): Promise<BenchTable> {
  const measured: Measured[] = [];
  for (const accountsCount of sizes) measured.push(await measureSize(accountsCount));
  return releaseTable(measured, settings);
}

async function measureSize(accountsCount: number): Promise<Measured> {
  // /tmp may be memory; this must be a disk.
  const parent = process.env['RELEASE_FOLDER'] ?? (existsSync('/var/tmp') ? '/var/tmp' : tmpdir());
  const folder = mkdtempSync(join(parent, 'greentill-release-'));
  const cluster = await startPostgresCluster({ folder, durable: true, settings: serverSettings });
  const owner = connect(cluster.databaseUrl, { poolMax: 4 });
  const cloud = connectScoped(cluster.databaseUrl);
  // Orders are booked on connections of their own, as on another node: they never wait for the release's.
  const shops = connectScoped(cluster.databaseUrl);
  const memory = watchMemory(folder);
  // The server outlives us and its folder is large: whoever interrupts a long run wants neither.
  const interrupt = () => {
    cluster.stop();
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    await migrate(owner.pool);
    note(`${accountsCount} accounts in ${folder}`);
    const size = { accountsCount, buyersPercent, progress: note };
    const load = await timed(() => loadNetwork(owner, size));
    note(`loaded in ${load.ms} ms`);
    const traffic = runScoped({ type: 'operator', operatorId }, () =>
      startTraffic(shops.db, accountsCount),
    );
    const measured = await measure({ folder, owner: owner.pool, cloud: cloud.db, traffic });
    const failedBatches = await traffic.stop();
    const { ms: loadMs } = load;
    return { ...measured, accountsCount, failedBatches, loadMs, peakMb: memory.peakMb };
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    memory.stop();
    await shops.pool.end();
    await cloud.pool.end();
    await owner.pool.end();
    cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function paceNamed(name: string): PaceName {
  if (!isPaceName(name))
    throw new Error(`no pace ${name}; there are ${Object.keys(paces).join(', ')}`);
  return name;
}

async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const startedAtMs = performance.now();
  const value = await work();
  return { value, ms: Math.round(performance.now() - startedAtMs) };
}

const note = (text: string) =>
  console.log(`release: ${text} (load average ${loadavg()[0]!.toFixed(1)})`);

async function measure(context: {
  readonly folder: string;
  readonly owner: Pool;
  readonly cloud: ReturnType<typeof connectScoped>['db'];
  readonly traffic: Traffic;
}): Promise<Omit<Measured, 'accountsCount' | 'failedBatches' | 'loadMs' | 'peakMb'>> {
  const { folder, owner, cloud, traffic } = context;
  /** Each begins after a checkpoint: its first touch of a page writes the page to the log. */
  const beside = async <T>(name: string, work: () => Promise<T>): Promise<Timed<T> & Beside> => {
    await owner.query('checkpoint');
    const before = await spent(folder, owner);
    traffic.take();
    const done = await runScoped({ type: 'operator', operatorId }, () => timed(work));
    const rising = traffic.take();
    const after = await spent(folder, owner);
    const [p50, p99] = [quantile(rising, 0.5), quantile(rising, 0.99)];
    const [processorMs, walMb] = [
      after.processorMs - before.processorMs,
      Math.round((after.walBytes - before.walBytes) / 1e6),
    ];
    note(
      `${name} ${done.ms} ms, processor ${processorMs} ms, log ${walMb} MB; ` +
        `orders p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms`,
    );
    return { ...done, p50, p99, processorMs, walMb };
  };
  await sleep(warmMs / 2);
  // The books began empty: what plans were made on nothing are made anew.
  await owner.query('analyze');
  await sleep(warmMs / 2);
  const idle = await beside('nothing', () => sleep(idleMs));
  const closeSteps = stepTimes(closePhaseOf);
  const close = await beside('close', async () => {
    closeSteps.begin();
    const { observe } = closeSteps;
    return getOrThrow(await closePeriod(cloud, { operatorId, period }, { observe, pace }));
  });
  note(JSON.stringify(closeSteps.steps));
  const { steps, begin, observe } = stepTimes(phaseOf);
  const day = { operatorId, period, day: releaseDay };
  const run = await beside('release day', async () => {
    begin();
    return getOrThrow(await runReleaseDay(cloud, day, { observe, pace }));
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
    closeSteps: closeSteps.steps,
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

const closePhaseOf: Readonly<Record<CloseStep, string>> = {
  opened: 'cutting into chunks, fund, receipts',
  'chunk-advanced': 'chunks advanced and added up',
  scored: 'tiers',
  summed: 'inflow by merchant',
  closed: 'gate, multiplier, budget',
};

/** Milliseconds per phase: each step ends what went on since the step before it. */
function stepTimes<Step extends string>(phases: Readonly<Record<Step, string>>) {
  const steps: Record<string, number> = {};
  let [lastAtMs, notedAtMs, count] = [0, 0, 0];
  return {
    steps,
    begin: (): void => {
      lastAtMs = performance.now();
      notedAtMs = lastAtMs;
    },
    observe: (step: Step): void => {
      const nowMs = performance.now();
      const phase = phases[step];
      steps[phase] = Math.round((steps[phase] ?? 0) + nowMs - lastAtMs);
      lastAtMs = nowMs;
      count += 1;
      if (nowMs - notedAtMs < progressEveryMs) return;
      notedAtMs = nowMs;
      note(`${phase}: ${count} steps done`);
    },
  };
}

/** What the server took so far: time of the processor and bytes of its log. */
async function spent(folder: string, owner: Pool) {
  await owner.query('select pg_stat_force_next_flush()');
  const { rows } = await owner.query<{ bytes: number }>(
    'select wal_bytes::bigint as bytes from pg_stat_wal',
  );
  return { processorMs: serverProcessorMs(folder), walBytes: rows[0]!.bytes };
}

async function hotUpdates(owner: Pool): Promise<{ readonly all: number; readonly hot: number }> {
  await owner.query('select pg_stat_force_next_flush()');
  const { rows } = await owner.query<{ all: number; hot: number }>(
    `select n_tup_upd as all, n_tup_hot_upd as hot from pg_stat_user_tables
      where relname = 'account_points'`,
  );
  return rows[0]!;
}
