import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '#cloud/platform/postgres/connect.ts';
import { migrate } from '#cloud/platform/postgres/migrate.ts';
import {
  startPostgresCluster,
  stopPostgresCluster,
} from '#cloud/platform/postgres/postgres-cluster.ts';
import { plantedBugs } from '../planted/catalogue.ts';
import { runSeed, type SeedReport } from '../run-seed.ts';
import { openSimDatabase, type SimDatabase } from '../cloud/sim-database.ts';

/** One seed to run. */
export interface SimTask {
  readonly seed: number;
  readonly steps: number;
  /** Name of a planted bug. */
  readonly planted: string | undefined;
  readonly withoutLatePayers?: boolean;
}

/** A place where seeds are run one after the other: a database server of its own, all of it in memory. */
export interface SimBench {
  run(task: SimTask): Promise<SeedReport>;
  close(): Promise<void>;
}

export async function openSimBench(): Promise<SimBench> {
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const scratch = mkdtempSync(join(memory, 'greentill-sim-'));
  const folder = join(scratch, 'cluster');
  const { databaseUrl } = await startPostgresCluster({ folder, durable: false, local: true });
  const { pool } = connect(databaseUrl, { poolMax: 1 });
  await migrate(pool);
  await pool.end();
  const database = await openSimDatabase(databaseUrl, folder);
  return benchOver(database, scratch, () => {
    stopPostgresCluster({ folder });
    rmSync(scratch, { recursive: true, force: true });
    return Promise.resolve();
  });
}

/** Runs seeds over a database that somebody else started; `end` gives back what belongs to it. */
export const benchOver = (
  database: SimDatabase,
  scratch: string,
  end: () => Promise<void>,
): SimBench => ({
  run: ({ planted, ...task }) => {
    const bug = plantedBugs.find(({ name }) => name === planted);
    return runSeed({
      ...task,
      database,
      scratch,
      ...(bug === undefined ? {} : { planted: bug }),
    });
  },
  close: async () => {
    await database.close();
    await end();
  },
});
