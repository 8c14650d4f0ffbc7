import { drizzle } from 'drizzle-orm/node-postgres';
import { escapeLiteral, type Pool, type PoolClient, type QueryConfig } from 'pg';
import type { Db, Statement } from '#cloud/platform/db.ts';
import { createPoolDb, withClient } from '#cloud/platform/transactions/pool-db.ts';
import { runSwift } from '#cloud/platform/transactions/swift-transaction.ts';
import { currentScope, nobody, openingOf, type Opening } from '#cloud/platform/tenancy/scope.ts';
import { openingText, queryScoped } from '#cloud/platform/tenancy/scoped-query.ts';

/** What drizzle asks of a connection. */
type Ask = (config: QueryConfig, values?: unknown[]) => Promise<unknown>;
const over = (query: Ask) => drizzle({ query } as unknown as PoolClient);

/**
 * The database as the cloud uses it: whatever runs, runs as a role that owns nothing, for the
 * tenant of the current scope (platform/tenancy/scope.ts), and forgets both with the end of its
 * transaction. Without a scope it is nobody's: every table of a tenant refuses.
 *
 * `unscoped: 'login'` is for tests: what runs outside of every scope is the test's own hand and has
 * the powers of the login.
 */
export function createScopedDb(
  pool: Pool,
  options: { readonly unscoped: 'nobody' | 'login' } = { unscoped: 'nobody' },
): Db {
  const login = createPoolDb(pool);
  const opening = (): Opening | undefined => {
    const scope = currentScope();
    if (scope === undefined && options.unscoped === 'login') return undefined;
    return openingOf(scope ?? nobody);
  };
  const execute = (async (query: Parameters<Db['execute']>[0]) => {
    const opened = opening();
    if (opened === undefined) return login.execute(query);
    return withClient(pool, (client) =>
      over((config, values) =>
        queryScoped(client, opened, { ...config, values: values ?? [] }),
      ).execute(query),
    );
  }) as Db['execute'];
  const transaction: Db['transaction'] = async (work, config) => {
    const opened = opening();
    if (opened === undefined) return login.transaction(work, config);
    return withClient(pool, (client) => over(opensWith(client, opened)).transaction(work, config));
  };
  const swift: Db['swift'] = async (work) => {
    const opened = opening();
    if (opened === undefined) return login.swift(work);
    return withClient(pool, (client) =>
      runSwift(client, { role: opened[0], tenant: [tenantSetting, opened] }, work),
    );
  };
  return { execute, transaction, swift };
}

/**
 * With the tenant goes what a swift transaction is: a few rows by their keys. A statement is
 * planned once and not six times, and its plan lasts as long as the connection: one that is made
 * while a table is small must not read all of it later.
 */
const tenantSetting: Statement = {
  name: 'swift-tenant',
  text: `${openingText}, set_config('plan_cache_mode', 'force_generic_plan', true),
    set_config('enable_seqscan', 'off', true)`,
};

/** The tenant travels with BEGIN in one message. Savepoints begin with another word. */
function opensWith(client: PoolClient, opening: Opening): Ask {
  // In one pass, and by a function: a value with a `$` in it is neither a place nor a pattern.
  const settings = openingText.replaceAll(/\$([1-4])/g, (_place, at) =>
    escapeLiteral(opening[Number(at) - 1] ?? ''),
  );
  return (config, values) =>
    config.text.startsWith('begin')
      ? client.query(`${config.text}; ${settings}`)
      : client.query(config, values);
}
