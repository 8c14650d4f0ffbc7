import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgresCluster, stopPostgresCluster } from '#cloud/platform/postgres-cluster.ts';
import { connect } from '#cloud/platform/connect.ts';
import { migrate } from '#cloud/platform/migrate.ts';
import { plantedBugs } from './planted/catalogue.ts';
import { runSeed, type SeedReport } from './run-seed.ts';
import { openSimDatabase } from './sim-database.ts';

/**
 * `npm run sim -- --seed 7` runs one seed and prints its trace; `--seeds 1..10000` runs a range, writes each failing
 * seed to `--out` and goes on where it stopped; `--steps` is the number of customers per till; `--planted name` puts a
 * bug in and stops at the first seed that catches it.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    steps: { type: 'string', default: '4' },
    planted: { type: 'string' },
    out: { type: 'string', default: join('out', 'sim') },
  },
});
const steps = Number(values.steps);
const [first, last] = rangeOf(values.seeds ?? values.seed ?? '1');
const doneFile = join(values.out, `done-${first}-${last}-steps-${steps}`);
const failedFile = join(values.out, 'failed-seeds.txt');
const isSingle = values.seeds === undefined;
const planted = plantedBugs.find(({ name }) => name === values.planted);
if (values.planted !== undefined && planted === undefined)
  throw new Error(`--planted is one of ${plantedBugs.map(({ name }) => name).join(', ')}`);
mkdirSync(values.out, { recursive: true });

function rangeOf(text: string): readonly [number, number] {
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(text);
  if (!match) throw new Error('--seed N or --seeds A..B');
  return [Number(match[1]), Number(match[2] ?? match[1])];
}

function report({ seed, violations, traceHash, virtualMs, sales, trace, log }: SeedReport): void {
  for (const { oracle, detail } of violations) console.log(`seed ${seed}: ${oracle}: ${detail}`);
  if (violations.length > 0 && planted === undefined)
    appendFileSync(failedFile, `${seed} steps ${steps} ${traceHash} ${violations[0]?.oracle}\n`);
  if (!isSingle) return;
  console.log(trace.join('\n'));
  for (const line of log) console.log(`log ${line}`);
  console.log(`seed ${seed}: ${sales.length} sales, ${virtualMs} virtual ms, trace ${traceHash}`);
}

const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const scratch = mkdtempSync(join(memory, 'greentill-sim-'));
const clusterFolder = join(scratch, 'cluster');
let failed = 0;
try {
  const { databaseUrl } = await startPostgresCluster({ folder: clusterFolder, durable: false });
  const { pool } = connect(databaseUrl, { poolMax: 1 });
  await migrate(pool);
  await pool.end();
  const database = await openSimDatabase(databaseUrl);
  const doneThrough =
    isSingle || !existsSync(doneFile)
      ? first - 1
      : Number(readFileSync(doneFile, 'utf8').trim().split('\n').at(-1));
  const startedMs = performance.now();
  for (let seed = doneThrough + 1; seed <= last; seed += 1) {
    const outcome = await runSeed({
      seed,
      steps,
      database,
      scratch,
      ...(planted === undefined ? {} : { planted }),
    });
    report(outcome);
    if (outcome.violations.length > 0) failed += 1;
    if (planted !== undefined && failed > 0) break;
    if (!isSingle && planted === undefined) appendFileSync(doneFile, `${seed}\n`);
    const done = seed - doneThrough;
    if (!isSingle && done % 50 === 0)
      console.log(
        `${done} seeds, ${failed} failed, ${(done / ((performance.now() - startedMs) / 1_000)).toFixed(2)} seeds/s`,
      );
  }
  await database.close();
} finally {
  stopPostgresCluster({ folder: clusterFolder });
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(failed > 0 ? 1 : 0);
