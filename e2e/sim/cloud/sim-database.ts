import { Client } from 'pg';
import { drizzle } from 'drizzle-orm/node-postgres';
import { plainSwift } from '#cloud/platform/transactions/plain-swift.ts';
import type { Db } from '#cloud/platform/db.ts';
import { connect } from '#cloud/platform/postgres/connect.ts';
import { layStraightLine } from './straight-line.ts';
import type { World } from '../world/virtual-world.ts';

/** The real PostgreSQL, one session, used by one world after the other. */
export interface SimDatabase {
  readonly client: Client;
  /** What is asked next leaves together with the question after it. */
  readonly hold: () => void;
  /** Empties every table, starts the counters again and forgets plans: a world finds nothing of the one before. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** `socketFolder`: where the server's socket file is; without it the questions go by TCP. */
export async function openSimDatabase(
  databaseUrl: string,
  socketFolder?: string,
): Promise<SimDatabase> {
  // Sets the number parsers that the cloud relies on; they are global in `pg`.
  await connect(databaseUrl, { poolMax: 1 }).pool.end();
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const client = new Client({
    host: socketFolder ?? hostname,
    port: Number(port),
    user: username,
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    application_name: 'greentill-sim',
    pipeline: true,
  });
  await client.connect();
  const line = layStraightLine(client);
  // Between two worlds every table is emptied, and nothing must change a plan in the middle of one.
  await client.query('set plan_cache_mode = force_generic_plan');
  await client.query('set synchronous_commit = off');
  // What the server would note for people who look at it: a tenth of its work on such short questions.
  for (const note of notes) await client.query(`set ${note} = off`);
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(tablename) as name from pg_tables
      where schemaname = 'public' and tablename not like '%migration%'`,
  );
  const kept = await seededRows(
    client,
    rows.map((row) => row.name),
  );
  const emptied = rows.map((row) => row.name).filter((name) => !kept.includes(name));
  const { rows: guards } = await client.query<{ table: string; guard: string }>(
    `select tgrelid::regclass::text as table, quote_ident(tgname) as guard from pg_trigger
      where tgenabled = 'A' and not tgisinternal`,
  );
  await forget(client, emptied);
  return {
    client,
    hold: line.hold,
    reset: async () => {
      const { rows: written } = await client.query<{ name: string }>(
        `select name from unnest($1::text[]) as t(name) where pg_relation_size(name::regclass) > 0`,
        [emptied],
      );
      const names = written.map(({ name }) => name);
      const guarded = guards.filter(({ table }) => names.includes(table));
      if (names.length > 0) {
        const statements = [
          'begin',
          // No trigger looks, those of foreign keys neither; but some look always.
          'set local session_replication_role = replica',
          ...guarded.map(({ table, guard }) => `alter table ${table} disable trigger ${guard}`),
          ...names.map((name) => `delete from ${name}`),
          ...guarded.map(
            ({ table, guard }) => `alter table ${table} enable always trigger ${guard}`,
          ),
          'commit',
        ];
        await client.query(statements.join('; '));
      }
      await forget(client, names);
    },
    close: () => {
      line.end();
      return client.end();
    },
  };
}

/**
 * What is deleted still stands in the files, and would decide in which order the next world's rows are read; counters
 * and plans tell of the world before too. Truncating does all of it, and costs four times as much: it makes a file anew
 * for every table and index that a foreign key reaches.
 */
async function forget(client: Client, names: readonly string[]): Promise<void> {
  if (names.length > 0)
    await client.query(`vacuum (truncate, index_cleanup on, skip_database_stats) ${names.join()}`);
  await client.query(`select setval(format('%I.%I', schemaname, sequencename), start_value, false)
    from pg_sequences where schemaname = 'public' and last_value is not null`);
  await client.query('discard plans');
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

const notes = ['track_activities', 'track_counts', 'update_process_title', 'compute_query_id'];

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
    const text = textOf(question[0]);
    if (text.startsWith('begin')) inTransaction = true;
    if (befalls === 'go-on' && isOpening(text)) {
      // Nobody reads the answer of these, and the next question follows at once: both travel together.
      database.hold();
      database.client.query(text).catch(() => undefined);
      return { command: '', rowCount: 0, rows: [] };
    }
    const done = world.realWork();
    asking = Promise.resolve(database.client.query(...prepared(question))).finally(() => {
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
  const login = drizzle(new SimulatedPool() as never);
  return {
    db: Object.assign(login, { swift: plainSwift(login) }),
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

const isOpening = (text: string): boolean => text === 'begin' || /^savepoint \w+$/.test(text);

/** Every text is parsed and planned once per session: what `pg` does with a question that has a name. */
const names = new Map<string, string>();
const prepared = (question: Parameters<Query>): Parameters<Query> => {
  const asked = question[0] as unknown as { text?: string; name?: string };
  if (typeof asked !== 'object' || asked.text === undefined || question[1] === undefined)
    return question;
  const name = names.get(asked.text) ?? `s${names.size}`;
  names.set(asked.text, name);
  return [{ ...asked, name }, question[1]] as unknown as Parameters<Query>;
};

/** Longer questions are none of those that begin or end something. */
const wordsCharsMax = 80;

const textOf = (question: unknown): string => {
  const text = typeof question === 'string' ? question : (question as { text?: string }).text;
  return text === undefined || text.length > wordsCharsMax ? '' : text.trim().toLowerCase();
};

/** What a dead process waits for. */
const never = <T>(): Promise<T> => new Promise(() => undefined);
