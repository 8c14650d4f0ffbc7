import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import { createTestDatabase, type TestDatabase } from '#cloud/platform/testing/test-database.ts';
import { connectScoped } from '#cloud/platform/postgres/connect.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { appRole, runScoped, workerRole, type Scope } from '#cloud/platform/tenancy/scope.ts';
import { createScopedDb } from '#cloud/platform/tenancy/scoped-db.ts';
import { readTables, sealTables } from '#cloud/platform/tenancy/seal-tables.ts';
import {
  deletableTables,
  ruleOf,
  sealingOf,
  sharedTables,
} from '#cloud/platform/tenancy/table-rules.ts';
import {
  changeable,
  fuzzTenants,
  plantTenants,
} from '#cloud/platform/tenancy/testing/tenant-fuzz.ts';

const database = useTestDatabase();
const operatorId = 'opr_1' as OperatorId;
const operator: Scope = { type: 'operator', operatorId };
const terminal: Scope = {
  type: 'terminal',
  operatorId,
  merchantId: 'mch_1' as MerchantId,
  terminalId: 'trm_1' as TerminalId,
};
const scoped = () => createScopedDb(database.pool);

const sqlStateOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  for (let at = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') return at.code;
  return 'none';
};

const unsealed = async () =>
  (await readTables(database.pool)).filter((table) => sealingOf(table).length > 0);

/**
 * A plan for such a policy may read all rows of the operator there, and holds as long as its
 * connection.
 */
const policiesThatLook = async (): Promise<readonly string[]> => {
  const { rows } = await database.pool.query<{ name: string }>(`
    select p.polrelid::regclass || ' ' || p.polname as name from pg_policy p
     where coalesce(pg_get_expr(p.polqual, p.polrelid), '') ~* '\\mfrom\\M'
        or coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') ~* '\\mfrom\\M'`);
  return rows.map(({ name }) => name);
};

describe('every table', () => {
  test('that has an operator has a policy for each role and no right too many', async () => {
    expect(await unsealed()).toEqual([]);
  });

  test('without an operator is named as shared', async () => {
    const tables = await readTables(database.pool);
    const shared = tables.filter((table) => ruleOf(table) === undefined).map(({ name }) => name);
    expect(shared).toEqual(sharedTables);
  });

  test('is judged by its own columns: no policy looks into another table', async () => {
    expect(await policiesThatLook()).toEqual([]);
    await database.pool.query(`create policy looking on payment_call to ${appRole} using (
      exists (select from payment_attempt a where a.order_id = payment_call.order_id))`);
    try {
      expect(await policiesThatLook()).toEqual(['payment_call looking']);
    } finally {
      await database.pool.query('drop policy looking on payment_call');
    }
  });

  test('whose rows end is named, and no other: a DELETE in the code needs the right', () => {
    const cloud = fileURLToPath(new URL('../..', import.meta.url));
    const sources = readdirSync(cloud, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !/\.test\.ts$|testing/.test(file),
    );
    const deleted = sources.flatMap((file) =>
      [...readFileSync(join(cloud, file), 'utf8').matchAll(/\bdelete from (\w+)/gi)].map(
        (found) => found[1],
      ),
    );
    expect(new Set(deleted)).toEqual(new Set(deletableTables));
  });

  test('that a migration forgot is found, and sealed by the next start', async () => {
    await database.pool.query(`create table planted (operator_id text, merchant_id text);
      alter table outbox disable row level security;
      drop policy greentill_worker_operator_1 on agent;
      grant delete on agent to greentill_app`);
    expect((await unsealed()).map(({ name }) => name)).toEqual(['agent', 'outbox', 'planted']);
    expect(await sealTables(database.pool)).toEqual(['agent', 'outbox', 'planted']);
    expect(await unsealed()).toEqual([]);
    await database.pool.query('drop table planted');
  });
});

test('the roles own nothing, cannot log in and have no power beyond their grants', async () => {
  const { rows } = await database.pool.query(
    `select rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb,
       exists (select from pg_class where relowner = r.oid) as owns,
       has_schema_privilege(r.oid, 'public', 'create') as creates
     from pg_roles r where rolname = any($1) order by 1`,
    [[appRole, workerRole]],
  );
  const powerless = {
    rolsuper: false,
    rolbypassrls: false,
    rolcanlogin: false,
    rolcreaterole: false,
    rolcreatedb: false,
    owns: false,
    creates: false,
  };
  expect(rows).toEqual([appRole, workerRole].map((rolname) => ({ rolname, ...powerless })));
});

test('a login that owns nothing is enough for the cloud, and sees nothing by itself', async () => {
  const login = `cloud_${process.pid}`;
  await database.pool.query(`create role ${login} login password 'secret';
    grant ${appRole}, ${workerRole} to ${login} with inherit false;
    insert into operator values ('opr_1', 'x', 0);
    insert into config_basis values ('opr_1', 'x')`);
  const url = new URL(database.databaseUrl);
  [url.username, url.password] = [login, 'secret'];
  const { db, pool } = connectScoped(url.href, { poolMax: 1 });
  try {
    const read = () => db.execute(sql`select digest from config_basis`);
    expect((await runScoped(operator, read)).rows).toEqual([{ digest: 'x' }]);
    expect((await runScoped({ type: 'across', work: 'outbox' }, read)).rows).toHaveLength(1);
    expect(await sqlStateOf(pool.query('select * from config_basis'))).toBe('42501');
  } finally {
    await pool.end();
    await database.pool.query(`drop role ${login}`);
  }
});

describe('without a tenant', () => {
  test('a statement and a transaction are refused, also on a connection that had a tenant before', async () => {
    await database.pool.query(`insert into finality_cursor values ('opr_1', 1), ('opr_2', 1)`);
    const db = scoped();
    const read = () => db.execute(sql`select operator_id from finality_cursor`);
    expect(await sqlStateOf(read())).toBe('42501');
    expect((await runScoped(operator, read)).rows).toEqual([{ operator_id: 'opr_1' }]);
    for (let tries = 0; tries < 20; tries += 1) expect(await sqlStateOf(read())).toBe('42501');
    expect(
      await sqlStateOf(db.transaction((tx) => tx.execute(sql`select * from finality_cursor`))),
    ).toBe('42501');
  });

  test('a statement that has no table still runs: a cloud can be asked whether it is ready', async () => {
    expect((await scoped().execute(sql`select 1 as n`)).rows).toEqual([{ n: 1 }]);
  });
});

describe('a scope', () => {
  test('ends with its transaction: the connection is the login again', async () => {
    await runScoped(operator, () => scoped().transaction((tx) => tx.execute(sql`select 1`)));
    await runScoped(operator, () => scoped().execute(sql`select 1`));
    const asked = `select current_user <> 'greentill_app' as own, current_setting('app.operator_id', true) as operator`;
    for (let tries = 0; tries < 10; tries += 1) {
      const { rows } = await database.pool.query<{ own: boolean; operator: string | null }>(asked);
      expect(rows[0]?.own).toBe(true);
      expect(rows[0]?.operator ?? '').toBe('');
    }
  });

  test('answers the rows of the statement alone, with parameters, types and counts', async () => {
    const { rows, rowCount } = await runScoped(terminal, () =>
      scoped().execute(sql`select ${7}::bigint as n, ${'a'}::text as t,
        current_user::text as role, current_setting('app.merchant_id') as merchant
        from generate_series(1, 2)`),
    );
    expect(rows).toEqual([1, 2].map(() => ({ n: 7, t: 'a', role: appRole, merchant: 'mch_1' })));
    expect(rowCount).toBe(2);
    const failed = runScoped(terminal, () => scoped().execute(sql`select 1 / ${0}::integer`));
    expect(await sqlStateOf(failed)).toBe('22012');
  });

  test('is told letter by letter, whatever signs a name has', async () => {
    const odd = `a'$3$&$'\\` as OperatorId;
    const asked = sql`select current_setting('app.operator_id') as operator, current_setting('app.merchant_id') as merchant`;
    const told = [{ operator: odd, merchant: '*' }];
    const scope: Scope = { type: 'operator', operatorId: odd };
    expect((await runScoped(scope, () => scoped().execute(asked))).rows).toEqual(told);
    const inTransaction = () => scoped().transaction((tx) => tx.execute(asked));
    expect((await runScoped(scope, inTransaction)).rows).toEqual(told);
  });

  test('leads the index: a row by its key is not searched among all', async () => {
    await database.pool
      .query(`insert into outbox (operator_id, topic, effect_key, payload, due_at_ms, created_at_ms)
      select 'opr_' || n % 50, 't', 'k' || n, '{}', 0, 0 from generate_series(1, 5000) n; analyze outbox`);
    const { rows } = await runScoped(operator, () =>
      scoped().execute<{ 'QUERY PLAN': string }>(
        sql`explain select * from outbox where topic = 't' and effect_key = 'k51'`,
      ),
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/Index Scan.*outbox_pkey/);
    expect(plan).toMatch(/Index Cond:.*operator_id = .*topic = .*effect_key =/);
    expect(plan.match(/^\s*InitPlan \d/gm)).toHaveLength(1);
  });
});

describe('the books are append only', () => {
  const changes = [
    `update ledger_entry set amount_fen = amount_fen`,
    `delete from ledger_entry`,
    `truncate ledger_entry`,
    `update ledger_txn set kind = kind`,
    `delete from ledger_txn`,
    `truncate ledger_txn`,
  ] as const;

  test.each(changes)(
    '%s: no right for the cloud, refused to the owner, also as a replica',
    async (change) => {
      for (const scope of [operator, { type: 'across', work: 'projection' }] as const)
        expect(await sqlStateOf(runScoped(scope, () => scoped().execute(sql.raw(change))))).toBe(
          '42501',
        );
      expect(await sqlStateOf(database.pool.query(change))).toBe('23000');
      const asReplica = `begin; set local session_replication_role = replica; ${change}`;
      const client = await database.pool.connect();
      expect(await sqlStateOf(client.query(asReplica))).toBe('23000');
      await client.query('rollback');
      client.release();
    },
  );
});

describe('random requests of random tenants', () => {
  let own: TestDatabase;
  beforeAll(async () => {
    own = await createTestDatabase();
  });
  afterAll(() => own.close());

  /** The long form: GREENTILL_FUZZ=10000. */
  const requests = Number(process.env['GREENTILL_FUZZ'] ?? 1_200);

  test(
    'see and change their own rows, all of them, and nobody else’s',
    { timeout: 120_000 + requests * 60 },
    async () => {
      const tables = await plantTenants(own.pool);
      expect(changeable(tables)).toBeGreaterThan(20);
      const options = { db: createScopedDb(own.pool), tables, requests };
      const outcome = await fuzzTenants({ ...options, unit: seeded(5) });
      expect(outcome.leaks).toEqual([]);
      expect(outcome.rowsSeen).toBeGreaterThan(requests / 2);
      expect(outcome.refusals).toBeGreaterThan(requests / 10);
      // The fuzz can fail: one table without its policy is enough.
      await own.pool.query(`alter table ${tables[0]?.name} disable row level security`);
      const planted = await fuzzTenants({
        ...options,
        tables: tables.slice(0, 1),
        requests: 40,
        unit: seeded(6),
      });
      expect(planted.leaks.length).toBeGreaterThan(0);
    },
  );
});

/** mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
