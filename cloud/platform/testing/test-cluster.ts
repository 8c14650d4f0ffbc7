import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopPostgresCluster } from '#cloud/platform/postgres/postgres-cluster.ts';

const folderPrefix = 'greentill-test-pg-';
/** Names the folder of this run's cluster; read by createTestDatabase in the workers. */
export const testClusterVariable = 'GREENTILL_TEST_CLUSTER';

/**
 * vitest globalSetup: one throw-away cluster per run, started by the first test that asks for a
 * database, so that runs without a database pay nothing. Clusters that a killed run left behind are
 * swept here.
 */
export function setup(): () => void {
  sweep();
  const folder = mkdtempSync(join(tmpdir(), folderPrefix));
  writeFileSync(join(folder, 'owner'), String(process.pid));
  process.env[testClusterVariable] = folder;
  return () => remove(folder);
}

function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(folderPrefix)) continue;
    const folder = join(tmpdir(), name);
    if (!isOwnerAlive(folder)) remove(folder);
  }
}

function isOwnerAlive(folder: string): boolean {
  try {
    process.kill(Number(readFileSync(join(folder, 'owner'), 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}

function remove(folder: string): void {
  stopPostgresCluster({ folder: join(folder, 'cluster') });
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Takes the run's start-up lock: true for exactly one worker. */
export function tryLock(folder: string): boolean {
  try {
    mkdirSync(join(folder, 'lock'));
    return true;
  } catch {
    return false;
  }
}
