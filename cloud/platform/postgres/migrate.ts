import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Pool, PoolClient } from 'pg';
import { noteFirstStatistics } from '#cloud/platform/postgres/first-statistics.ts';
import { sealTables } from '#cloud/platform/tenancy/seal-tables.ts';

/** The folder that every domain puts its numbered .sql files into. */
export const migrationsFolder = fileURLToPath(new URL('../../migrations', import.meta.url));

const migrationName = /^\d{4}-[a-z0-9-]+\.sql$/;
/**
 * Session lock: two nodes that start at once must not migrate at once. An arbitrary constant of
 * ours.
 */
const migrationLock = 71_946_002;

/**
 * Applies the migrations that are not applied yet, in the order of their names, each in a
 * transaction of its own. Forward only: throws when an applied file was changed or removed since.
 * Then gives every table the rights and the row-level security of its tenant (platform/tenancy),
 * and the planner a first word about it. Returns the names applied now.
 */
export async function migrate(
  pool: Pool,
  options: { readonly folder: string } = { folder: migrationsFolder },
): Promise<readonly string[]> {
  const files = await readMigrations(options.folder);
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    const applied = await applyPending(client, files);
    if (options.folder === migrationsFolder) {
      await sealTables(client);
      await noteFirstStatistics(client);
    }
    return applied;
  } finally {
    await client.query('select pg_advisory_unlock($1)', [migrationLock]).catch(() => undefined);
    client.release();
  }
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
  const wrong = names.find((name) => !migrationName.test(name));
  if (wrong !== undefined) throw new Error(`migration ${wrong} is not named NNNN-words.sql`);
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function applyPending(client: PoolClient, files: readonly Migration[]): Promise<string[]> {
  await client.query(`create table if not exists migration (
    name text primary key, checksum text not null, applied_at timestamptz not null default now())`);
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from migration order by name',
  );
  const applied = new Map(rows.map((row) => [row.name, row.checksum]));
  const known = new Set(files.map((file) => file.name));
  const missing = rows.find((row) => !known.has(row.name));
  if (missing !== undefined) throw new Error(`migration ${missing.name} was applied but is gone`);
  const done: string[] = [];
  for (const file of files) {
    const checksum = applied.get(file.name);
    if (checksum === undefined) {
      await apply(client, file);
      done.push(file.name);
    } else if (checksum !== file.checksum) {
      throw new Error(`migration ${file.name} was changed after it was applied`);
    }
  }
  return done;
}

async function apply(client: PoolClient, file: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(file.sql);
    await client.query('insert into migration (name, checksum) values ($1, $2)', [
      file.name,
      file.checksum,
    ]);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback');
    throw new Error(`migration ${file.name} failed: ${String(cause)}`, { cause });
  }
}
