import type { NodePgDatabase } from 'drizzle-orm/node-postgres';

/**
 * The cloud's database, as far as anybody may use it: single statements and transactions. Every one of them runs for the
 * tenant that platform/tenancy/scope.ts names. Anything that changes money, points or inbox rows takes a {@link Tx}.
 */
export type Db = Pick<NodePgDatabase, 'execute' | 'transaction'>;

/** A handle inside one transaction. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];
