import { Client } from 'pg';
import { drizzle } from 'drizzle-orm/node-postgres';
import type { Db } from '#cloud/platform/db.ts';
import { connect } from '#cloud/platform/connect.ts';
import type { World } from './virtual-world.ts';

/** The real PostgreSQL, one session, used by one world after the other. */
export interface SimDatabase {
  readonly client: Client;
  /** Empties every table and starts the counters again, so that a world finds nothing of the one before. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function openSimDatabase(databaseUrl: string): Promise<SimDatabase> {
  // Sets the number parsers that the cloud relies on; they are global in `pg`.
  await connect(databaseUrl, { poolMax: 1 }).pool.end();
  const client = new Client({ connectionString: databaseUrl, application_name: 'greentill-sim' });
  await client.connect();
  await client.query('set synchronous_commit = off');
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(tablename) as name from pg_tables
      where schemaname = 'public' and tablename not like '%migration%'`,
  );
  const kept = await seededRows(
    client,
    rows.map((row) => row.name),
  );
  const emptied = rows.map((row) => row.name).filter((name) => !kept.includes(name));
  return {
    client,
    reset: async () => {
      await client.query(`begin;
        set local session_replication_role = replica;
        ${books.map((name) => `alter table ${name} disable trigger user`).join('; ')};
        truncate ${emptied.join(', ')} restart identity cascade;
        ${books.map((name) => `alter table ${name} enable always trigger ${name}_append_only`).join('; ')};
        commit`);
    },
    close: () => client.end(),
  };
}

/** Tables that the migrations themselves filled: they are part of the schema. */
async function seededRows(client: Client, names: readonly string[]): Promise<readonly string[]> {
  const filled: string[] = [];
  for (const name of names) {
    const { rows } = await client.query(`select 1 from ${name} limit 1`);
    if (rows.length > 0) filled.push(name);
  }
  return filled;
}

/** Append-only by a trigger that also fires on a replica; between two worlds they begin anew. */
const books = ['ledger_entry', 'ledger_txn'] as const;

/** One process of the cloud, as its database sees it. */
export interface SimPool {
  readonly db: Db;
  /** The process is gone: what it had begun is rolled back, and nothing it still asks is answered. */
  kill(): Promise<void>;
  readonly queryCount: () => number;
}

type Query = Client['query'];

/** What befalls the process around a question. */
export interface PoolFate {
  readonly of: (count: number) => 'go-on' | 'die-before' | 'die-after';
  /** It died at a question. */
  readonly died: () => void;
}

/**
 * A pool of one session: questions wait their turn in order of arrival, so the database answers in an order that the
 * seed decides. `fate` may end the process at any question, before it is asked or before its answer is heard.
 */
export function createSimPool(database: SimDatabase, world: World, fate: PoolFate): SimPool {
  let alive = true;
  let taken = false;
  let inTransaction = false;
  let asked = 0;
  let asking: Promise<unknown> = Promise.resolve();
  const waiting: (() => void)[] = [];

  const take = async (): Promise<void> => {
    if (taken) await new Promise<void>((resolve) => void waiting.push(resolve));
    taken = true;
  };
  const give = (): void => {
    const next = waiting.shift();
    if (next) next();
    else taken = false;
  };
  const ask = async (...question: Parameters<Query>): Promise<unknown> => {
    if (!alive) return never();
    asked += 1;
    const befalls = fate.of(asked);
    if (befalls === 'die-before') return die();
    const done = world.realWork();
    const text = textOf(question[0]);
    if (text.startsWith('begin')) inTransaction = true;
    asking = Promise.resolve(database.client.query(...question)).finally(() => {
      if (text === 'commit' || text === 'rollback') inTransaction = false;
      done();
    });
    asking.catch(() => undefined);
    const answer = await asking;
    if (befalls === 'die-after') return die();
    return alive ? answer : never();
  };
  const die = (): Promise<never> => {
    fate.died();
    return never();
  };
  class SimulatedPool {
    async query(...question: Parameters<Query>): Promise<unknown> {
      await take();
      try {
        return await ask(...question);
      } finally {
        give();
      }
    }
    async connect(): Promise<{ query: typeof ask; release: () => void }> {
      await take();
      return { query: ask, release: give };
    }
  }
  return {
    db: drizzle(new SimulatedPool() as never),
    queryCount: () => asked,
    kill: async () => {
      alive = false;
      const done = world.realWork();
      await asking.catch(() => undefined);
      if (inTransaction) await database.client.query('rollback');
      inTransaction = false;
      done();
    },
  };
}

const textOf = (question: unknown): string => {
  const text = typeof question === 'string' ? question : (question as { text?: string }).text;
  return (text ?? '').trim().toLowerCase();
};

/** What a dead process waits for. */
const never = <T>(): Promise<T> => new Promise(() => undefined);
