import { join } from 'node:path';
import { Client } from 'pg';
import { connect, connectScoped, type Connection } from '#cloud/platform/postgres/connect.ts';
import type { Db } from '#cloud/platform/db.ts';
import { startPostgresCluster } from '#cloud/platform/postgres/postgres-cluster.ts';

/**
 * `db` and `pool` have the powers of the owner: for migrations and for people. The cloud itself
 * works on `scoped`.
 */
export interface OpenDatabase extends Connection {
  /** Held to the tenant of the scope it is used in, as a role that owns nothing. */
  readonly scoped: Db;
  readonly databaseUrl: string;
  /** Closes the pool; stops the embedded server when this process started or adopted one. */
  close(): Promise<void>;
}

/**
 * Where the data is: a server named by DATABASE_URL, or a folder for the embedded PostgreSQL (fsync
 * on).
 */
export type DatabaseLocation =
  | {
      readonly databaseUrl: string;
      /** The login that owns the tables and migrates; default: `databaseUrl`. */
      readonly ownerUrl?: string | undefined;
    }
  | { readonly dataFolder: string };

/** Session lock of the one process that owns an embedded server. An arbitrary constant of ours. */
const ownerLock = 71_946_001;
/** After a kill -9 the dead owner's session lingers until the server reads the closed socket. */
const ownerLockTimeoutMs = 5_000;

/**
 * Opens the cloud's database. Throws when the server cannot be reached, or when another process
 * already runs on the same data folder.
 */
export async function openDatabase(location: DatabaseLocation): Promise<OpenDatabase> {
  if ('databaseUrl' in location) {
    const connection = connect(location.ownerUrl ?? location.databaseUrl);
    await connection.pool.query('select 1');
    const scoped = connectScoped(location.databaseUrl);
    return {
      ...connection,
      scoped: scoped.db,
      databaseUrl: location.databaseUrl,
      async close() {
        await scoped.pool.end();
        await connection.pool.end();
      },
    };
  }
  const folder = join(location.dataFolder, 'postgres');
  const cluster = await startPostgresCluster({ folder, durable: true });
  const owner = await takeOwnership(cluster.databaseUrl);
  const connection = connect(cluster.databaseUrl);
  const scoped = connectScoped(cluster.databaseUrl);
  return {
    ...connection,
    scoped: scoped.db,
    databaseUrl: cluster.databaseUrl,
    async close() {
      await scoped.pool.end();
      await connection.pool.end();
      await owner.end();
      cluster.stop();
    },
  };
}

async function takeOwnership(databaseUrl: string): Promise<Client> {
  const client = new Client({ connectionString: databaseUrl });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(`set lock_timeout = ${ownerLockTimeoutMs}`);
    await client.query('select pg_advisory_lock($1)', [ownerLock]);
    return client;
  } catch (cause) {
    await client.end();
    throw new Error('the data folder is in use by another cloud process', { cause });
  }
}
