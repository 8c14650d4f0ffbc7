import { appRole, workerRole } from '#cloud/platform/tenancy/scope.ts';

/**
 * Whose the rows of a table are.
 * - `operator`: everybody within the operator may reach them; they have no merchant, or belong to a
 *   member.
 * - `merchant`: those of one merchant (column merchant_id).
 * - `book`: the merchant's book and the operator's own, with which every journal of a merchant has
 *   business (column book).
 * - `terminal`: those of one terminal (column terminal_id).
 */
export type TableRule = 'operator' | 'merchant' | 'book' | 'terminal';

/** Tables without a tenant. The cloud has no right on them. */
export const sharedTables: readonly string[] = ['migration'];

/** Where the columns would say something else than what the rows mean. */
const ruleExceptions: Readonly<Record<string, TableRule>> = {
  // A member's points at all shops of the operator: his till view adds them up.
  points_lot: 'operator',
  points_order: 'operator',
};

/** Tables whose rows end; everywhere else the cloud may not delete. */
export const deletableTables: readonly string[] = ['outbox', 'request_nonce', 'terminal_contact'];

/** A table as the catalogue describes it. */
export interface TableFacts {
  readonly name: string;
  readonly columns: readonly string[];
  /** It has a trigger that refuses every change. */
  readonly isAppendOnly: boolean;
  readonly isSealed: boolean;
  /** Name and expression of every policy, and what the roles may do, as one text each; sorted. */
  readonly policies: readonly string[];
  readonly grants: readonly string[];
}

/** The rule of a table; undefined when it has no tenant. */
export function ruleOf({
  name,
  columns,
}: Pick<TableFacts, 'name' | 'columns'>): TableRule | undefined {
  if (!columns.includes('operator_id')) return undefined;
  const exception = ruleExceptions[name];
  if (exception !== undefined) return exception;
  if (columns.includes('merchant_id')) return 'merchant';
  if (columns.includes('book')) return 'book';
  return columns.includes('terminal_id') ? 'terminal' : 'operator';
}

/**
 * A subquery without reference to the row is evaluated once per statement, and its value may lead
 * an index.
 */
const setting = (name: string) => `(select app_setting('app.${name}'))`;
const ofOperator = `operator_id = ${setting('operator_id')}`;

/**
 * Every condition reads columns of the row itself. One that looks into another table may read all
 * of an operator's rows there for a single row here, and which way it goes is decided before there
 * is anything to count.
 */
const conditionOf: Readonly<Record<TableRule, string>> = {
  operator: ofOperator,
  merchant: `${ofOperator} and ${setting('merchant_id')} in ('*', merchant_id)`,
  book: `${ofOperator} and (book = '' or ${setting('merchant_id')} in ('*', book))`,
  terminal: `${ofOperator} and ${setting('terminal_id')} in ('*', terminal_id)`,
};

/** What the roles may do with a table. */
export function grantsOf(table: Pick<TableFacts, 'name' | 'isAppendOnly'>): readonly string[] {
  if (table.isAppendOnly) return ['INSERT', 'SELECT'];
  return [
    ...(deletableTables.includes(table.name) ? ['DELETE'] : []),
    'INSERT',
    'SELECT',
    'UPDATE',
  ];
}

/** The name carries a version: a table that has a policy of an older one gets the new one. */
const policyVersion = 1;
export const policyOf = (role: string, rule: TableRule): string =>
  `${role}_${rule}_${policyVersion}`;

/** The statements that bring a table to its rule; none when it is there already. */
export function sealingOf(table: TableFacts): readonly string[] {
  const rule = ruleOf(table);
  if (rule === undefined) return [];
  const { name } = table;
  const wanted = [policyOf(appRole, rule), policyOf(workerRole, rule)];
  const grants = grantsOf(table);
  const wantedGrants = [appRole, workerRole].flatMap((role) =>
    grants.map((each) => `${role} ${each}`),
  );
  const statements: string[] = [];
  if (!table.isSealed) statements.push(`alter table ${name} enable row level security`);
  if (!sameSet(table.policies, wanted)) {
    statements.push(
      ...table.policies.map((policy) => `drop policy ${policy} on ${name}`),
      `create policy ${wanted[0]} on ${name} to ${appRole} using (${conditionOf[rule]})`,
      `create policy ${wanted[1]} on ${name} to ${workerRole} using (true)`,
    );
  }
  if (!sameSet(table.grants, wantedGrants)) {
    statements.push(
      `revoke all on ${name} from public, ${appRole}, ${workerRole}`,
      `grant ${grants.join(', ')} on ${name} to ${appRole}, ${workerRole}`,
      // UPDATE stays with the owner: foreign keys lock rows as the owner. The trigger refuses it
      // all the same.
      ...(table.isAppendOnly ? [`revoke delete, truncate on ${name} from current_user`] : []),
    );
  }
  return statements;
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each) => b.includes(each));
