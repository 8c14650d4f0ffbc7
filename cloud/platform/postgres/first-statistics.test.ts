import { expect, test } from 'vitest';
import { noteFirstStatistics } from '#cloud/platform/postgres/first-statistics.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';

const database = useTestDatabase();

const untold = async (): Promise<readonly string[]> => {
  const { rows } = await database.pool.query<{ name: string }>(`
    select c.relname as name from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'operator_id'
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
       and not exists (select from pg_stats s where s.tablename = c.relname
                          and s.attname = 'operator_id' and s.n_distinct = 1)`);
  return rows.map(({ name }) => name);
};

test('a migrated database knows of every table that naming the operator narrows nothing', async () => {
  expect(await untold()).toEqual([]);
});

test('a table that is new is told of by the next start, and what ANALYZE found stays', async () => {
  await database.pool.query('create table late_comer (operator_id text, n integer)');
  expect(await untold()).toEqual(['late_comer']);
  expect(await noteFirstStatistics(database.pool)).toBe(1);
  expect(await untold()).toEqual([]);
  await database.pool.query(`
    insert into late_comer select 'opr_' || i % 3, i from generate_series(1, 300) i;
    analyze late_comer`);
  expect(await noteFirstStatistics(database.pool)).toBe(0);
  const { rows } = await database.pool.query<{ n_distinct: number }>(
    `select n_distinct from pg_stats where tablename = 'late_comer' and attname = 'operator_id'`,
  );
  expect(rows).toEqual([{ n_distinct: 3 }]);
});
