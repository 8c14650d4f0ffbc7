import { sql, type SQL } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';

/**
 * The cloud's database, as far as anybody may use it: single statements and transactions. Every one
 * of them runs for the tenant that platform/tenancy/scope.ts names. Anything that changes money,
 * points or inbox rows takes a {@link Tx}.
 */
export interface Db extends Pick<NodePgDatabase, 'execute' | 'transaction'> {
  /**
   * A transaction of few round trips, for what happens hundreds of times a second: see
   * {@link Line}.
   */
  swift<T>(work: (line: Line) => Promise<T>): Promise<T>;
}

/** A handle inside one transaction. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

/**
 * A statement that is written once, with $1, $2 … for its values; a connection plans it when it
 * first meets it.
 */
export interface Statement {
  /** One of its kind, at most 40 characters. */
  readonly name: string;
  readonly text: string;
}

export interface Answer<Row> {
  readonly rows: readonly Row[];
  readonly rowCount: number | null;
}

/**
 * One transaction on one connection. What is asked without waiting for the answer before leaves in
 * one packet with it, and BEGIN with the first. The statements still run one after the other, each
 * with a snapshot of its own.
 *
 * A transaction that did not call `commit` is rolled back when the work ends: so a refusal is
 * simply returned. `commit` may be called without waiting for what was asked before; when a part of
 * that fails, nothing is committed and the part rejects.
 */
export interface Line {
  ask<Row>(statement: Statement, values: readonly unknown[]): Promise<Answer<Row>>;
  commit(): Promise<void>;
  /** The same transaction for what is seldom done. */
  readonly tx: Tx;
}

/** A statement as a {@link Tx} takes it. */
export function filled(statement: Statement, values: readonly unknown[]): SQL {
  const parts = statement.text.split(/\$(\d+)/);
  return sql.join(
    parts.map((part, index) =>
      index % 2 === 0 ? sql.raw(part) : sql`${sql.param(values[Number(part) - 1] ?? null)}`,
    ),
  );
}

/** `refuse_unless` of migration 0910 ended a transaction for this reason. */
export function isRefusedFor(cause: unknown, reason: string): boolean {
  // drizzle wraps the driver's error; the wire's own comes as it is.
  for (let error = cause; error instanceof Error; error = error.cause)
    if ('code' in error && error.code === 'GT001')
      return 'detail' in error && error.detail === reason;
  return false;
}
