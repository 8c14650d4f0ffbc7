import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migrate } from '#cloud/platform/postgres/migrate.ts';
import { openDatabase } from '#cloud/platform/postgres/open-database.ts';
import { createTestDatabase } from '#cloud/platform/testing/test-database.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';

const database = useTestDatabase();
test('an int8 arrives as a number, and beyond 2^53 the query fails instead of rounding', async () => {
  const { rows } = await database.pool.query<{ a: number; b: number; c: string }>(
    `select 9007199254740991::int8 as a, sum(x) as b, 1.50::numeric as c
       from (values (1::int8), (2::int8)) t(x)`,
  );
  expect(rows[0]).toEqual({ a: 9007199254740991, b: 3, c: '1.50' });
  await expect(database.pool.query('select 9007199254740992::int8 as a')).rejects.toThrow('2^53');
});

test('a changed or removed migration stops the start; a new one is applied once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-migrate-'));
  const own = await createTestDatabase();
  try {
    await own.pool.query('drop table migration');
    writeFileSync(join(folder, '0001-one.sql'), 'create table one (a int)');
    expect(await migrate(own.pool, { folder })).toEqual(['0001-one.sql']);
    writeFileSync(join(folder, '0002-two.sql'), 'create table two (a int)');
    expect(await migrate(own.pool, { folder })).toEqual(['0002-two.sql']);
    expect(await migrate(own.pool, { folder })).toEqual([]);
    writeFileSync(join(folder, '0003-bad.sql'), 'create table three (a int); select nothing');
    await expect(migrate(own.pool, { folder })).rejects.toThrow('0003-bad.sql failed');
    expect((await own.pool.query(`select to_regclass('three') as t`)).rows).toEqual([{ t: null }]);
    rmSync(join(folder, '0003-bad.sql'));
    writeFileSync(join(folder, '0001-one.sql'), 'create table one (a int8)');
    await expect(migrate(own.pool, { folder })).rejects.toThrow('was changed');
    rmSync(join(folder, '0001-one.sql'));
    await expect(migrate(own.pool, { folder })).rejects.toThrow('is gone');
  } finally {
    await own.close();
    rmSync(folder, { recursive: true });
  }
});

test('the embedded server keeps fsync on, refuses a second owner, and finds its rows again', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'greentill-data-'));
  const first = await openDatabase({ dataFolder });
  try {
    expect((await first.pool.query('show fsync')).rows).toEqual([{ fsync: 'on' }]);
    expect((await first.pool.query('show synchronous_commit')).rows).toEqual([
      { synchronous_commit: 'on' },
    ]);
    await first.pool.query('create table kept (a int); insert into kept values (7)');
    await expect(openDatabase({ dataFolder })).rejects.toThrow('in use');
  } finally {
    await first.close();
  }
  const second = await openDatabase({ dataFolder });
  try {
    expect((await second.pool.query('select a from kept')).rows).toEqual([{ a: 7 }]);
  } finally {
    await second.close();
    rmSync(dataFolder, { recursive: true });
  }
});
