import { PgDialect } from 'drizzle-orm/pg-core';
import { NodePgSession, NodePgTransaction } from 'drizzle-orm/node-postgres';
import type { PoolClient, QueryConfig } from 'pg';
import type { Line, Statement, Tx } from '#cloud/platform/db.ts';
import { plansBy } from '#cloud/platform/planned.ts';
import {
  sentValue,
  TripQuery,
  type SentValue,
  type TripAnswer,
  type TripPart,
} from '#cloud/platform/transactions/trip-query.ts';

const dialect = new PgDialect();
const [begin, commit, rollback] = ['begin', 'commit', 'rollback'].map((word): Statement => ({
  name: `swift-${word}`,
  text: word,
})) as [Statement, Statement, Statement];

/** What is asked first in a transaction, with its values: who is the tenant. */
export interface SwiftOpening {
  /**
   * Tells apart the plans of one statement: a plan holds the row-level security of the role that it
   * was made for.
   */
  readonly role: string;
  readonly tenant?: readonly [Statement, readonly string[]];
}

/**
 * Runs a transaction on a connection. What is asked before the process turns to other things leaves
 * in one trip; BEGIN and the tenant travel with the first one, COMMIT with the last.
 */
export async function runSwift<T>(
  client: PoolClient,
  { role, tenant }: SwiftOpening,
  work: (line: Line) => Promise<T>,
): Promise<T> {
  let waiting: TripPart[] = [];
  let trip: Promise<void> = Promise.resolve();
  let unsent: { readonly cause: unknown } | undefined;
  let state = 'new' as 'new' | 'begun' | 'ending';

  const leave = (): void => {
    const parts = waiting;
    waiting = [];
    trip = new Promise((resolve) => client.query(new TripQuery(parts, resolve)));
  };
  const put = (statement: Statement, values: readonly unknown[]): Promise<TripAnswer> =>
    new Promise((resolve, reject) => {
      const sent = sentOf(values);
      if ('cause' in sent) {
        // Missing from the transaction: nothing of it may be committed.
        unsent ??= sent;
        reject(sent.cause);
        return;
      }
      if (waiting.length === 0) queueMicrotask(leave);
      waiting.push({
        name: `${statement.name}@${role}`,
        statement,
        values: sent.values,
        resolve,
        reject,
      });
    });
  const open = (): void => {
    if (state !== 'new') return;
    state = 'begun';
    // Whatever fails here fails every part behind it, and that is how the caller hears of it.
    void put(begin, []).catch(() => undefined);
    if (tenant !== undefined) void put(...tenant).catch(() => undefined);
  };
  const ask: Line['ask'] = async (statement, values) => {
    open();
    const { rows, rowCount } = await put(statement, values);
    return { rows, rowCount };
  };
  const seldom = async (config: QueryConfig, values?: unknown[]): Promise<unknown> => {
    if (state === 'new') await ask(nothing, []);
    return await client.query(config, values);
  };
  let tx: Tx | undefined;
  try {
    return await work({
      ask,
      commit: async () => {
        if (unsent !== undefined) throw unsent.cause;
        open();
        const { said } = await put(commit, []);
        state = 'ending';
        mustBeCommitted(said);
      },
      get tx() {
        tx ??= txOver(seldom, ask);
        return tx;
      },
    });
  } finally {
    await trip;
    if (state === 'begun') await put(rollback, []).catch(() => undefined);
    await trip;
  }
}

/** Makes BEGIN leave before something that goes another way. */
const nothing: Statement = { name: 'swift-nothing', text: 'select' };

/** Drizzle's transaction over whoever asks for it. */
function txOver(
  query: (config: QueryConfig, values?: unknown[]) => Promise<unknown>,
  ask: Line['ask'],
): Tx {
  const session = new NodePgSession({ query } as unknown as PoolClient, dialect, undefined, {});
  const tx = new NodePgTransaction(dialect, session, undefined) as unknown as Tx;
  plansBy(tx, ask);
  return tx;
}

/** The server answers ROLLBACK to the COMMIT of a transaction that failed before. */
function mustBeCommitted(said: string): void {
  if (said !== 'COMMIT') throw new Error('the transaction was rolled back');
}

function sentOf(
  values: readonly unknown[],
): { readonly values: readonly SentValue[] } | { readonly cause: unknown } {
  try {
    return { values: values.map(sentValue) };
  } catch (cause) {
    return { cause };
  }
}
