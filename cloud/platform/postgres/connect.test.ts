import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '#cloud/platform/postgres/connect.ts';
import { createTestCloud, type TestCloud } from '#cloud/platform/testing/test-cloud.ts';

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await createTestCloud();
});
afterAll(() => cloud.close());

test('a session that dies between two queries of a transaction fails that transaction, never the process', async () => {
  const { pool } = connect(cloud.databaseUrl, { poolMax: 2 });
  const client = await pool.connect();
  await client.query('begin');
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const ended = new Promise((resolve) => client.once('end', resolve));
  await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  await ended;
  await expect(client.query('commit')).rejects.toThrow();
  client.release(true);
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
});

test('a connection that dies as a transaction begins is given back: the pool serves the next one', async () => {
  const { db, pool } = connect(cloud.databaseUrl, { poolMax: 1 });
  pool.once('acquire', (client) => void client.end());
  await expect(db.transaction(() => Promise.resolve())).rejects.toThrow();
  const { rows } = await db.transaction((tx) => tx.execute(sql`select 1 as one`));
  expect(rows).toEqual([{ one: 1 }]);
  await pool.end();
}, 5_000);
