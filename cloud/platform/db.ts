import type { NodePgDatabase } from 'drizzle-orm/node-postgres';

/** The cloud's database. Reads may use it directly; anything that changes money, points or inbox rows takes a {@link Tx}. */
export type Db = NodePgDatabase;

/** A handle inside one transaction. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];
