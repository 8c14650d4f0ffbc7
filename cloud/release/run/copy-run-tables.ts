import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/**
 * Lets the rest of this transaction work on copies of the tables that runs keep their state in, as far as a new run reads
 * them: cuts, runs, chunks of the last day and of a run that stands open. A dry run then neither waits for a real one nor
 * keeps it waiting. A temporary table goes before the one of its name; views go on reading what is stored.
 */
export async function copyRunTables(tx: Tx, operatorId: OperatorId): Promise<void> {
  const own = sql`operator_id = ${operatorId}`;
  const recent = sql`${own} and (period, day) in (
    select period, day from public.release_run
     where ${own} and (state <> 'posted'
                       or day = (select max(day) from public.release_run where ${own})))`;
  const kept: readonly (readonly [table: string, rows: SQL])[] = [
    ['account_cut', own],
    ['release_chunk', recent],
    ['release_chunk_want', recent],
    ['release_withdrawn', sql`false`],
    ['release_run', own],
  ];
  for (const [table, rows] of kept) {
    const name = sql.identifier(table);
    await tx.execute(sql`
      create temporary table ${name} (like public.${name} including all) on commit drop`);
    await tx.execute(sql`insert into pg_temp.${name} select * from public.${name} where ${rows}`);
    await tx.execute(sql`analyze pg_temp.${name}`);
  }
}
