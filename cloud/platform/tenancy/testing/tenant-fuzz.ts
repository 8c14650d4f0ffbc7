import { sql } from 'drizzle-orm';
import type { Pool } from 'pg';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { runScoped, type Scope } from '#cloud/platform/tenancy/scope.ts';
import { readTables } from '#cloud/platform/tenancy/seal-tables.ts';
import {
  grantsOf,
  ruleOf,
  type TableFacts,
  type TableRule,
} from '#cloud/platform/tenancy/table-rules.ts';

/** Who a planted row belongs to. */
interface Owner {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly terminalId: TerminalId;
}

const owners: readonly Owner[] = ['1', '2', '3'].flatMap((operator) =>
  ['1', '2'].flatMap((merchant) =>
    ['1', '2'].map((terminal) => ({
      operatorId: `opr_${operator}` as OperatorId,
      merchantId: `mch_${operator}${merchant}` as MerchantId,
      terminalId: `trm_${operator}${merchant}${terminal}` as TerminalId,
    })),
  ),
);

export interface TenantTable extends TableFacts {
  readonly rule: TableRule;
}

/**
 * Plants a row of every owner in every table of a tenant. Checks, keys and triggers are taken out
 * of this throw-away database first: what a row means is of no interest here, only whose it is.
 * Policies and rights stay.
 */
export async function plantTenants(pool: Pool): Promise<readonly TenantTable[]> {
  const tables = (await readTables(pool)).flatMap((table) => {
    const rule = ruleOf(table);
    return rule === undefined ? [] : [{ ...table, rule }];
  });
  await pool.query(dropConstraints);
  for (const { name } of tables) {
    const { rows: columns } = await pool.query<{ name: string; type: string }>(
      `select attname::text as name, format_type(atttypid, atttypmod) as type from pg_attribute
        where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''
          and attidentity = '' order by attnum`,
      [name],
    );
    const list = columns.map((column) => column.name).join(', ');
    const values = owners.map(
      (owner, n) => `(${columns.map((each) => valueOf(each, owner, n)).join(', ')})`,
    );
    await pool.query(`insert into ${name} (${list}) values ${values.join(', ')}`);
  }
  return tables;
}

const dropConstraints = `do $$ declare each record; begin
  for each in select conrelid::regclass as owner, conname from pg_constraint
    where connamespace = 'public'::regnamespace and contype in ('f', 'c', 'u', 'p') and conrelid <> 0
    order by contype = 'f' desc loop
    execute format('alter table %s drop constraint if exists %I cascade', each.owner, each.conname);
  end loop;
  for each in select indexrelid::regclass as name from pg_index i join pg_class c on c.oid = i.indrelid
    where c.relnamespace = 'public'::regnamespace and indisunique loop
    execute format('drop index %s', each.name);
  end loop;
  for each in select c.oid::regclass as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' loop
    execute format('alter table %s disable trigger user', each.name);
  end loop;
end $$`;

function valueOf(
  column: { readonly name: string; readonly type: string },
  owner: Owner,
  n: number,
): string {
  if (column.name === 'operator_id') return `'${owner.operatorId}'`;
  if (column.name === 'merchant_id') return `'${owner.merchantId}'`;
  if (column.name === 'terminal_id') return `'${owner.terminalId}'`;
  if (column.name === 'order_id') return `'ord_${n}'`;
  // Every fourth row is in the operator's own book.
  if (column.name === 'book') return n % 4 === 0 ? `''` : `'${owner.merchantId}'`;
  if (column.type.endsWith('[]')) return `'{}'`;
  if (column.type === 'jsonb') return `'{}'`;
  if (column.type === 'boolean') return 'false';
  if (column.type === 'date') return `'2026-01-01'`;
  if (column.type === 'bytea') return `'\\x00'`;
  if (column.type.startsWith('timestamp')) return 'now()';
  return /int|numeric/.test(column.type) ? '1' : `'x'`;
}

/** What a scope must see of an owner's row, said once more and without SQL. */
function isVisible(scope: Scope, rule: TableRule, row: Row): boolean {
  if (scope.type === 'across') return true;
  if (scope.type === 'nobody' || row.operator_id !== scope.operatorId) return false;
  if (scope.type === 'operator') return true;
  const merchant = owners.find((owner) => owner.terminalId === scope.terminalId)?.merchantId;
  switch (rule) {
    case 'operator':
      return true;
    case 'merchant':
      return row.merchant_id === merchant;
    case 'book':
      return row.book === '' || row.book === merchant;
    case 'terminal':
      return row.terminal_id === scope.terminalId;
  }
}

interface Row extends Record<string, unknown> {
  readonly operator_id: string;
  readonly merchant_id?: string;
  readonly terminal_id?: string;
  readonly book?: string;
  readonly order_id?: string;
}

export interface FuzzOutcome {
  readonly requests: number;
  readonly rowsSeen: number;
  readonly refusals: number;
  /** What went wrong; empty when nothing did. */
  readonly leaks: readonly string[];
}

type Act = 'read' | 'update' | 'delete' | 'insert-foreign' | 'give-away';
const acts: readonly Act[] = ['read', 'read', 'update', 'delete', 'insert-foreign', 'give-away'];

/**
 * As many random requests of random tenants at random tables as asked for, several at a time on a
 * shared pool.
 */
export async function fuzzTenants(options: {
  readonly db: Db;
  readonly tables: readonly TenantTable[];
  readonly requests: number;
  readonly unit: () => number;
}): Promise<FuzzOutcome> {
  const { db, tables, unit } = options;
  const pick = <T>(from: readonly T[]): T => from[Math.floor(unit() * from.length)]!;
  const leaks: string[] = [];
  let rowsSeen = 0;
  let refusals = 0;
  const request = async (): Promise<void> => {
    const table = pick(tables);
    const scope = scopeOf(pick(['nobody', 'operator', 'terminal', 'terminal']), pick(owners));
    const act = pick(acts);
    const foreign = pick(
      owners.filter((owner) => !('operatorId' in scope) || owner.operatorId !== scope.operatorId),
    );
    const name = `${act} ${table.name} as ${JSON.stringify(scope)}`;
    const asked = runScoped(scope, () => ask(db, { table, act, foreign }));
    const answer = await asked.catch((error: unknown) => sqlState(error));
    if (typeof answer === 'string') {
      refusals += 1;
      // 42501: no right, no tenant, or a row that the policy refuses.
      if (answer !== '42501') leaks.push(`${name}: ${answer}`);
      const mayRead = scope.type !== 'nobody' && act === 'read';
      if (mayRead) leaks.push(`${name}: refused`);
      return;
    }
    rowsSeen += answer.length;
    if (scope.type === 'nobody') leaks.push(`${name}: answered without a tenant`);
    if (act === 'insert-foreign') leaks.push(`${name}: wrote a row of ${foreign.operatorId}`);
    if (act === 'give-away' && answer.length > 0) leaks.push(`${name}: gave a row away`);
    const expected = expectedCount(scope, table);
    if (act !== 'insert-foreign' && act !== 'give-away' && answer.length !== expected)
      leaks.push(`${name}: ${answer.length} rows of ${expected}`);
    for (const row of answer)
      if (!isVisible(scope, table.rule, row))
        leaks.push(`${name}: ${JSON.stringify(row).slice(0, 120)}`);
  };
  for (let done = 0; done < options.requests; done += lanes)
    await Promise.all(Array.from({ length: Math.min(lanes, options.requests - done) }, request));
  return { requests: options.requests, rowsSeen, refusals, leaks };
}

/** Requests at once, so that tenants follow each other on every connection. */
const lanes = 8;

function scopeOf(type: 'nobody' | 'operator' | 'terminal', owner: Owner): Scope {
  if (type === 'nobody') return { type };
  return type === 'operator' ? { type, operatorId: owner.operatorId } : { type, ...owner };
}

const rowOf = (owner: Owner, n: number): Row => ({
  operator_id: owner.operatorId,
  merchant_id: owner.merchantId,
  terminal_id: owner.terminalId,
  book: n % 4 === 0 ? '' : owner.merchantId,
  order_id: `ord_${n}`,
});

function expectedCount(scope: Scope, table: TenantTable): number {
  return owners.filter((owner, n) => isVisible(scope, table.rule, rowOf(owner, n))).length;
}

/** One request, undone whatever it did; half of them as a single statement. */
async function ask(
  db: Db,
  request: { readonly table: TenantTable; readonly act: Act; readonly foreign: Owner },
): Promise<readonly Row[]> {
  const { table, act, foreign } = request;
  const name = sql.identifier(table.name);
  if (act === 'read') return (await db.execute<Row>(sql`select * from ${name}`)).rows;
  let rows: readonly Row[] = [];
  const change = async (tx: Tx): Promise<void> => {
    const statement = {
      update: sql`update ${name} set operator_id = operator_id returning *`,
      delete: sql`delete from ${name} returning *`,
      'insert-foreign': sql`insert into ${name} overriding system value select * from jsonb_populate_record(null::${name},
        ${JSON.stringify({ operator_id: foreign.operatorId, merchant_id: foreign.merchantId, terminal_id: foreign.terminalId, book: foreign.merchantId })}::jsonb)`,
      'give-away': sql`update ${name} set operator_id = ${foreign.operatorId} returning *`,
    }[act];
    rows = (await tx.execute<Row>(statement)).rows;
    tx.rollback();
  };
  await db.transaction(change).catch((error: unknown) => {
    if (
      !(error instanceof Error && error.name === 'TransactionRollbackError') &&
      !isRollback(error)
    )
      throw error;
  });
  return rows;
}

const isRollback = (error: unknown): boolean =>
  error instanceof Error && error.message === 'Rollback';

function sqlState(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') return at.code;
  return String(error);
}

/** Tables that the cloud may change: the others refuse by their rights already. */
export const changeable = (tables: readonly TenantTable[]): number =>
  tables.filter((table) => grantsOf(table).includes('UPDATE')).length;
