import { drizzle } from 'drizzle-orm/node-postgres';
import type { Pool, PoolClient } from 'pg';
import type { Db } from '#cloud/platform/db.ts';
import { runSwift } from '#cloud/platform/transactions/swift-transaction.ts';

/**
 * drizzle over a pool. Its own transaction sends BEGIN before it is ready to give the connection
 * back, so a connection that dies in that moment would be lost to the pool, and after as many of
 * them as it may have nobody would be served.
 */
export function createPoolDb(pool: Pool): Db {
  const login = drizzle(pool);
  return {
    execute: (query) => login.execute(query),
    transaction: (work, config) =>
      withClient(pool, (client) => drizzle(client).transaction(work, config)),
    swift: (work) => withClient(pool, (client) => runSwift(client, { role: 'login' }, work)),
  };
}

/** Lends a connection and takes it back, whatever happens; the pool drops one that is broken. */
export async function withClient<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}
