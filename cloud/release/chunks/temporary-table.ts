import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { assert } from '#shared/result/assert.ts';

/**
 * Writes the rows of a query into a temporary table of this transaction and measures it (ANALYZE), so that the next
 * statement does not depend on the statistics of the large tables. A freshly loaded operator has none: the planner
 * then takes 20,000 accounts for one and joins them by nested loops. `key` is unique in the rows and gets an index:
 * give it when the table is joined, so that even a nested loop finds its row at once.
 * The query carries no bind parameters, see {@link literal} and {@link plainWord}.
 */
export async function materialise(
  tx: Tx,
  table: { readonly name: string; readonly query: SQL; readonly key?: string },
): Promise<void> {
  const name = sql.identifier(table.name);
  await tx.execute(sql`drop table if exists ${name}`);
  await tx.execute(sql`create temporary table ${name} on commit drop as ${table.query}`);
  if (table.key !== undefined)
    await tx.execute(sql`create unique index on ${name} (${sql.identifier(table.key)})`);
  await tx.execute(sql`analyze ${name}`);
}

/** CREATE TABLE AS takes no bind parameters: numbers and checked words are written into the statement. */
export const literal = (value: number | bigint | boolean): SQL =>
  typeof value === 'boolean' ? sql.raw(String(value)) : sql.raw(`${value}::bigint`);

export function plainWord(value: string): SQL {
  assert(/^[A-Za-z0-9_-]{1,64}$/.test(value), () => `not a plain word: ${value}`);
  return sql.raw(`'${value}'`);
}
