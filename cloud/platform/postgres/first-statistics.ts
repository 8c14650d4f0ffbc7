import type { ClientBase } from 'pg';

/**
 * Tells the planner of every table that was never analysed what is known anyway: naming the operator narrows nothing.
 * Without it PostgreSQL takes any condition for so narrow that an index which only begins with the operator looks as good
 * as the one of the key, and a plan made then reads all of the operator's rows for one of them, for as long as its
 * connection lives. The first ANALYZE writes over it. Runs as the owner. Returns how many tables it told of; none on a
 * server before version 18, where there is no way to say it.
 * Source: PostgreSQL 18 documentation, 9.28.12 Statistics Import Functions.
 */
export async function noteFirstStatistics(client: Pick<ClientBase, 'query'>): Promise<number> {
  const { rows } = await client.query<{ knows: boolean }>(
    `select to_regproc('pg_catalog.pg_restore_attribute_stats') is not null as knows`,
  );
  if (rows[0]?.knows !== true) return 0;
  const { rowCount } = await client.query(`
    select pg_restore_attribute_stats('schemaname', 'public', 'relname', c.relname::text,
             'attname', 'operator_id', 'inherited', false, 'version', 180000,
             'null_frac', 0::real, 'avg_width', 30, 'n_distinct', 1::real)
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'operator_id'
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
       and not exists (select from pg_stats s where s.schemaname = 'public'
                          and s.tablename = c.relname and s.attname = 'operator_id')`);
  return rowCount ?? 0;
}
