import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';

const setJoins = (value: 'on' | 'off') =>
  sql`select set_config('enable_hashjoin', ${value}, true), set_config('enable_nestloop', ${value}, true)`;

/**
 * Runs an UPDATE that joins a range of accounts to rows about them, by a merge. It touches the
 * accounts in the order of their ids, as everybody does who locks several, so that nobody waits in
 * a ring; a hash join would in any order. And its cost does not depend on what the planner knows:
 * without statistics it took 10,000 rows for one and walked through all of them for each.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the row, as of every query
export async function executeMerging<Row extends Record<string, unknown>>(
  tx: Tx,
  statement: SQL,
): Promise<{ readonly rows: readonly Row[] }> {
  await tx.execute(setJoins('off'));
  const result = await tx.execute<Row>(statement);
  await tx.execute(setJoins('on'));
  return { rows: result.rows as unknown as readonly Row[] };
}
