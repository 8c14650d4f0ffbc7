import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectScoped, type Connection } from '#cloud/platform/postgres/connect.ts';
import { isRefusedFor, type Db, type Statement } from '#cloud/platform/db.ts';
import { sqlStateOf } from '#cloud/platform/database-error.ts';
import { planned } from '#cloud/platform/planned.ts';
import { retried } from '#cloud/platform/retried-transaction.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { runScoped, type Scope } from '#cloud/platform/tenancy/scope.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

const database = useTestDatabase();
let scoped: Connection;
beforeAll(async () => {
  await database.pool.query(`insert into operator values ('opr_1', 'x', 0), ('opr_2', 'x', 0)`);
  scoped = connectScoped(database.databaseUrl, { poolMax: 1 });
});
afterAll(() => scoped.pool.end());

const of = (operatorId: string): Scope => ({
  type: 'operator',
  operatorId: operatorId as OperatorId,
});
/** For one operator, always on the same connection. */
const swift = <T>(operatorId: string, work: Parameters<Db['swift']>[0]): Promise<T> =>
  runScoped(of(operatorId), () => scoped.db.swift(work)) as Promise<T>;

const put: Statement = {
  name: 'put',
  text: `insert into finality_cursor values ($1, $2)
    on conflict (operator_id) do update set last_run = excluded.last_run returning last_run`,
};
const read: Statement = {
  name: 'read',
  text: 'select operator_id, last_run from finality_cursor order by 1',
};
const refuse: Statement = { name: 'refuse', text: `select refuse_unless($1::boolean, 'because')` };
const wrong: Statement = { name: 'wrong', text: 'select no_such_column from finality_cursor' };

const rows = async (operatorId: string): Promise<readonly unknown[]> =>
  await swift(operatorId, async (line) => (await line.ask(read, [])).rows);

test('what is asked together is one transaction, its answers typed, on the tenant’s rows only', async () => {
  const answers = await swift('opr_1', (line) =>
    Promise.all([line.ask(put, ['opr_1', 7]), line.ask(read, []), line.commit()]),
  );
  expect(answers).toEqual([
    { rows: [{ last_run: 7 }], rowCount: 1 },
    { rows: [{ operator_id: 'opr_1', last_run: 7 }], rowCount: 1 },
    undefined,
  ]);
  expect(await rows('opr_2')).toEqual([]);
  const foreign = swift('opr_2', (line) =>
    Promise.all([line.ask(put, ['opr_1', 8]), line.commit()]),
  );
  expect(sqlStateOf(await foreign.catch((cause: unknown) => cause))).toBe('42501');
  expect(await rows('opr_1')).toEqual([{ operator_id: 'opr_1', last_run: 7 }]);
});

test('without a commit nothing stays, and the connection is as good as before', async () => {
  await swift('opr_1', async (line) => void (await line.ask(put, ['opr_1', 100])));
  const thrown = swift('opr_1', async (line) => {
    await line.ask(put, ['opr_1', 101]);
    throw new Error('changed my mind');
  });
  await expect(thrown).rejects.toThrow('changed my mind');
  expect(await rows('opr_1')).toEqual([{ operator_id: 'opr_1', last_run: 7 }]);
});

test('a part that refuses or fails takes the commit behind it with it, and says why', async () => {
  for (const holds of [true, false]) {
    const ended = await swift('opr_1', (line) =>
      Promise.all([line.ask(put, ['opr_1', 9]), line.ask(refuse, [holds]), line.commit()]),
    ).then(
      () => 'committed',
      (cause: unknown) => (isRefusedFor(cause, 'because') ? 'refused' : cause),
    );
    expect(ended).toBe(holds ? 'committed' : 'refused');
  }
  for (let round = 0; round < 3; round += 1) {
    const ended = swift('opr_1', (line) =>
      Promise.all([line.ask(put, ['opr_1', 10]), line.ask(wrong, []), line.commit()]),
    );
    expect(sqlStateOf(await ended.catch((cause: unknown) => cause))).toBe('42703');
  }
  expect(await rows('opr_1')).toEqual([{ operator_id: 'opr_1', last_run: 9 }]);
});

test('bytes go over as bytes, and a value that is none of its kinds is refused before anything leaves', async () => {
  const length: Statement = { name: 'length', text: 'select length($1::bytea) as length' };
  const answer = await swift('opr_1', (line) => line.ask(length, [Uint8Array.of(0, 1, 255)]));
  expect(answer).toMatchObject({ rows: [{ length: 3 }] });
  await expect(swift('opr_1', (line) => line.ask(length, [{ not: 'a value' }]))).rejects.toThrow(
    'not { not:',
  );
  expect(await rows('opr_1')).toHaveLength(1);
});

test('a statement by `planned` is one of the trip in a swift transaction, below a savepoint too, and any statement elsewhere; its lists arrive whole', async () => {
  const list = ['{"', 'a\\b', '', 'NULL', '中,文'];
  const lists: Statement = {
    name: 'lists',
    text: `select to_json($1::text[]) as texts, to_json($2::bigint[]) as numbers,
      exists (select from pg_prepared_statements where name like 'lists@%') as is_planned`,
  };
  const asked = { texts: list, numbers: [1, -2] };
  const values = [list, [1, -2]];
  await swift('opr_1', async (line) => {
    const { rows: inTrip } = await planned(line.tx, lists, values);
    expect(inTrip).toEqual([{ ...asked, is_planned: true }]);
    await line.tx.transaction(async (inner) => {
      expect((await planned(inner, lists, values)).rows).toEqual(inTrip);
    });
  });
  await database.db.transaction(async (tx) => {
    expect((await planned(tx, lists, values)).rows).toEqual([{ ...asked, is_planned: false }]);
  });
  expect((await planned(database.db, lists, values)).rows).toMatchObject([asked]);
});

test('what is seldom done joins the same transaction, also as its first word', async () => {
  const first = sql`update finality_cursor set last_run = 11`;
  await swift('opr_1', async (line) => void (await line.tx.execute(first)));
  expect(await rows('opr_1')).toEqual([{ operator_id: 'opr_1', last_run: 9 }]);
  await swift('opr_1', async (line) => {
    await line.tx.execute(first);
    expect((await line.ask(read, [])).rows).toEqual([{ operator_id: 'opr_1', last_run: 11 }]);
    await line.commit();
  });
  expect(await rows('opr_1')).toEqual([{ operator_id: 'opr_1', last_run: 11 }]);
});

test('without a tenant it is refused, and a server that went away rejects', async () => {
  const nobodys = scoped.db.swift((line) => line.ask(read, []));
  expect(sqlStateOf(await nobodys.catch((cause: unknown) => cause))).toBe('42501');
  const killed = swift('opr_1', async (line) => {
    const me: Statement = { name: 'me', text: 'select pg_backend_pid() as pid' };
    const [answer] = (await line.ask<{ pid: number }>(me, [])).rows;
    await database.pool.query('select pg_terminate_backend($1)', [answer!.pid]);
    await line.ask(read, []);
  });
  await expect(killed).rejects.toThrow();
  expect(await rows('opr_1')).toHaveLength(1);
});

test('a value that cannot be sent takes the commit behind it with it', async () => {
  const ended = swift('opr_1', (line) =>
    Promise.all([
      line.ask(put, ['opr_1', 20]),
      line.ask(put, ['opr_1', { not: 'a value' }]),
      line.commit(),
    ]),
  );
  await expect(ended).rejects.toThrow('not { not:');
  expect(await rows('opr_1')).toEqual([{ operator_id: 'opr_1', last_run: 11 }]);
});

test('a transaction that failed before says so when it is told to commit', async () => {
  const ended = swift('opr_1', async (line) => {
    await line.ask(put, ['opr_1', 21]);
    await line.ask(wrong, []).catch(() => undefined);
    await line.commit();
  });
  await expect(ended).rejects.toThrow('rolled back');
  expect(await rows('opr_1')).toEqual([{ operator_id: 'opr_1', last_run: 11 }]);
});

test('plans that a connection lost are made again: one failure at most, and none where it is retried', async () => {
  await rows('opr_1');
  await scoped.pool.query('discard all');
  expect(await retried(() => rows('opr_1'))).toHaveLength(1);
  // A migration gave a column another type.
  await database.pool.query('create table planted_plan (n integer not null)');
  await database.pool.query('grant select on planted_plan to public');
  await database.pool.query('insert into planted_plan values (7)');
  const planted: Statement = { name: 'planted', text: 'select * from planted_plan' };
  const look = () => swift('opr_1', async (line) => (await line.ask(planted, [])).rows);
  expect(await look()).toEqual([{ n: 7 }]);
  await database.pool.query('alter table planted_plan alter n type text');
  expect(await retried(look)).toEqual([{ n: '7' }]);
});
