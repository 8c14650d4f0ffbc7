import { Pool, types } from 'pg';
import { assert } from '#shared/result/assert.ts';
import type { Db } from '#cloud/platform/db.ts';
import { createPoolDb } from '#cloud/platform/transactions/pool-db.ts';
import { createScopedDb } from '#cloud/platform/tenancy/scoped-db.ts';

const connectionsMax = 20;
const connectTimeoutMs = 10_000;
const idleTimeoutMs = 30_000;

export interface Connection {
  readonly db: Db;
  readonly pool: Pool;
}

/** Opens a pool of at most {@link connectionsMax} connections and drizzle on top of it. */
export function connect(databaseUrl: string, options?: { readonly poolMax: number }): Connection {
  setNumberParsers();
  const pool = new Pool({
    connectionString: databaseUrl,
    max: options?.poolMax ?? connectionsMax,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    application_name: 'greentill',
  });
  // An idle connection that dies (server restart) is dropped by the pool; the next query opens a
  // new one.
  pool.on('error', () => {});
  // One that dies in a transaction, between two queries, says so on itself alone: the next query of
  // the transaction fails, and that is how the caller hears of it. Without a listener the whole
  // cloud would end.
  pool.on('connect', (client) => client.on('error', () => {}));
  return { db: createPoolDb(pool), pool };
}

/** The same for the cloud's own work: its `db` is held to the tenant of the scope it is used in. */
export function connectScoped(
  databaseUrl: string,
  options?: { readonly poolMax?: number; readonly unscoped?: 'nobody' | 'login' },
): Connection {
  const { pool } = connect(databaseUrl, { poolMax: options?.poolMax ?? connectionsMax });
  return { db: createScopedDb(pool, { unscoped: options?.unscoped ?? 'nobody' }), pool };
}

/**
 * int8 arrives as a JavaScript number and throws beyond 2^53, so money never loses a fen silently.
 * numeric without a fraction (sum of int8) likewise; numeric with a fraction stays its exact
 * decimal text.
 */
export function parseInt8(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), () => `integer beyond 2^53 from the database: ${text}`);
  return value;
}

export const parseNumeric = (text: string): number | string =>
  /^-?\d+$/.test(text) ? parseInt8(text) : text;

/**
 * The parsers are global in `pg`, and drizzle reads the global ones: a pool's own table would be
 * ignored.
 */
function setNumberParsers(): void {
  types.setTypeParser(types.builtins.INT8, parseInt8);
  types.setTypeParser(types.builtins.NUMERIC, parseNumeric);
}
