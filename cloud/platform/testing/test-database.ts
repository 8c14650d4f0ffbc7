import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { connect, type Connection } from '#cloud/platform/postgres/connect.ts';
import { migrate } from '#cloud/platform/postgres/migrate.ts';
import { startPostgresCluster } from '#cloud/platform/postgres/postgres-cluster.ts';
import { testClusterVariable, tryLock } from '#cloud/platform/testing/test-cluster.ts';

export interface TestDatabase extends Connection {
  readonly databaseUrl: string;
  /** Closes the pool and drops the database. */
  close(): Promise<void>;
}

const template = 'greentill_template';
const waitMs = 20;
const waitTimeoutMs = 60_000;
const testPoolMax = 10;

/**
 * A fresh, fully migrated database of its own for one test file: a clone of the run's template on a
 * real PostgreSQL (fsync off). Needs the globalSetup of vitest.config.ts.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = await clusterUrl();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await runOnServer(serverUrl, `create database ${name} template ${template} strategy file_copy`);
  const databaseUrl = withDatabase(serverUrl, name);
  const connection = connect(databaseUrl, { poolMax: testPoolMax });
  return {
    ...connection,
    databaseUrl,
    async close() {
      await connection.pool.end();
      await runOnServer(serverUrl, `drop database if exists ${name} with (force)`);
    },
  };
}

async function clusterUrl(): Promise<string> {
  const folder = process.env[testClusterVariable];
  if (folder === undefined) throw new Error('createTestDatabase needs the vitest globalSetup');
  const [ready, failed] = [join(folder, 'url'), join(folder, 'failed')];
  if (!existsSync(ready) && tryLock(folder)) {
    try {
      const url = await startWithTemplate(join(folder, 'cluster'));
      writeFileSync(`${ready}.part`, url);
      renameSync(`${ready}.part`, ready);
    } catch (cause) {
      writeFileSync(failed, String(cause));
      throw cause;
    }
  }
  const deadline = performance.now() + waitTimeoutMs;
  while (!existsSync(ready)) {
    if (existsSync(failed)) throw new Error(readFileSync(failed, 'utf8'));
    if (performance.now() > deadline) throw new Error('the test cluster did not come up');
    await sleep(waitMs);
  }
  return readFileSync(ready, 'utf8');
}

async function startWithTemplate(folder: string): Promise<string> {
  const { databaseUrl } = await startPostgresCluster({ folder, durable: false });
  await runOnServer(databaseUrl, `create database ${template}`);
  const connection = connect(withDatabase(databaseUrl, template), { poolMax: 1 });
  try {
    await migrate(connection.pool);
  } finally {
    // A template must have no session left, else cloning it fails.
    await connection.pool.end();
  }
  return databaseUrl;
}

async function runOnServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
