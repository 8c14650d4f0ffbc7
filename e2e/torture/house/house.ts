import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { connect, type Connection } from '#cloud/platform/postgres/connect.ts';
import {
  startPostgresCluster,
  stopPostgresCluster,
} from '#cloud/platform/postgres/postgres-cluster.ts';
import { startCloudProcess } from '#cloud/platform/testing/cloud-process.ts';
import { activateTestTerminal, admin } from '#cloud/platform/testing/test-terminal.ts';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import { createAgent } from '#terminal/agent/agent.ts';
import { walkEntries, type JournalEntry } from '#terminal/agent/journal/entry-rows.ts';
import { journalFileName } from '#terminal/agent/journal/open-store.ts';
import { openTestJournal } from '#terminal/agent/testing/temp-store.ts';
import { openLine, type Line } from './line.ts';
import { createStatementWatch, type StatementWatch } from './statement-watch.ts';
import type { TierOutcome } from '../tier.ts';

/** A till and a cloud process on a durable PostgreSQL, with a line before the cloud and one before the database. */
export interface House {
  readonly cloudLine: Line;
  readonly databaseLine: Line;
  /** Asks the database itself, past every line. Reopened for each question: the server may just have died. */
  ask<Row extends object>(sql: string): Promise<readonly Row[]>;
  /** The statements on their way between cloud and database. */
  readonly statements: StatementWatch;
  /** Strikes the database now; what is returned resolves when it serves again. */
  strikeDatabase(blow: DatabaseBlow): Promise<void>;
  /** One cash sale; the number of fen names it. Throws when the till refuses. */
  sell(): Promise<void>;
  readonly sold: () => number;
  /** Entries of the till's journal that the cloud has acknowledged, as the till itself keeps it. */
  acknowledgedEntries(): number;
  unsentCount(): Promise<number>;
  /** Waits until the cloud has everything, stops the till and compares every book. */
  settle(): Promise<HouseFound>;
  close(): Promise<void>;
}

/** What the books of till and cloud say in the end. */
export type HouseFound = Omit<TierOutcome, 'tried' | 'counts'>;

/** `immediate` is the signal of `pg_ctl stop -m immediate`; the others are kill -9. */
export type DatabaseBlow =
  | { readonly type: 'immediate' | 'postmaster' }
  | { readonly type: 'backend'; readonly pid: number };

/** Tries at the line come twenty times as fast as at a counter: the torture is short. */
const haste = 0.05;
const settleMsMax = 60_000;
const pollMs = 50;
/** How long PostgreSQL may need to come back: children of a killed postmaster end first. */
const databaseBackMsMax = 60_000;

export async function openHouse(options: { readonly clock?: Clock }): Promise<House> {
  const { clock = systemClock } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'greentill-house-'));
  const cluster = { folder: path.join(folder, 'postgres'), durable: true };
  let databaseUrl = new URL((await startPostgresCluster(cluster)).databaseUrl);
  const statements = createStatementWatch();
  const databaseLine = await openLine(() => Number(databaseUrl.port), statements.tap);
  const seenByCloud = new URL(databaseUrl);
  seenByCloud.port = String(databaseLine.port);
  const cloud = await startCloudProcess({
    DATABASE_URL: seenByCloud.href,
    DATA_FOLDER: path.join(folder, 'cloud'),
    PORT: '0',
    REQUESTS_PER_MINUTE: '1000000',
    LOG_LEVEL: 'fatal',
  });
  const { origin } = cloud;
  let lastWords = '';
  for (const stream of [cloud.child.stdout, cloud.child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      lastWords = (lastWords + chunk.toString()).slice(-lastWordsCharsMax);
    });
  const operatorToken = readFileSync(path.join(folder, 'cloud/operator-token'), 'utf8').trim();
  const { merchantId, storeId } = await activateTestTerminal({ origin, operatorToken });
  const route = `/admin/v1/merchants/${merchantId}/stores/${storeId}/activation-codes`;
  const { body } = await admin({ origin, operatorToken }, route, undefined);
  const cloudLine = await openLine(() => Number(new URL(origin).port));
  const dataDir = path.join(folder, 'till');
  const cloudUrl = `http://127.0.0.1:${cloudLine.port}`;
  const agent = getOrThrow(
    await createAgent({
      config: { dataDir, cloudUrl, cashier: '小王', devices: [] },
      appVersion: 'test',
      clock,
      random: { ...systemRandom, unit: () => systemRandom.unit() * haste },
    }),
  );
  await agent.start();
  getOrThrow(await agent.activate(String(body['code'])));

  let sold = 0;
  let isStopped = false;
  const stopAgent = async (): Promise<void> => {
    if (!isStopped) await agent.stop();
    isStopped = true;
  };
  const ask: House['ask'] = async <Row extends object>(sql: string) => {
    const connection: Connection = connect(databaseUrl.href, { poolMax: 1 });
    try {
      return (await connection.pool.query<Row>(sql)).rows;
    } finally {
      await connection.pool.end();
    }
  };
  const unsentCount = async (): Promise<number> =>
    getOrThrow(await agent.api.call('status.get', {})).unsentCount;
  return {
    cloudLine,
    databaseLine,
    ask,
    sold: () => sold,
    acknowledgedEntries: () => readAcknowledged(path.join(dataDir, journalFileName)),
    unsentCount,
    statements,
    strikeDatabase: async (blow) => {
      const postmaster = readPostmasterPid(cluster.folder);
      // At once, before anything else can happen on the wire.
      if (blow.type === 'backend') process.kill(blow.pid, 'SIGKILL');
      else process.kill(postmaster, blow.type === 'immediate' ? 'SIGQUIT' : 'SIGKILL');
      if (blow.type === 'backend') return untilServesAnew(ask);
      // A dying server must not be taken for a running one.
      await until(() => Promise.resolve(!isRunning(postmaster)));
      databaseUrl = new URL(await startAgain(cluster));
    },
    sell: async () => {
      const amountFen = firstFen + sold;
      getOrThrow(await agent.api.call('till.setAmount', { amountFen }));
      getOrThrow(await agent.api.call('till.payCash', { tenderedFen: amountFen }));
      sold += 1;
    },
    settle: async () => {
      await until(async () => (await unsentCount()) === 0);
      await until(async () => (await ask<{ lag: number }>(lagSql))[0]?.lag === 0);
      await stopAgent();
      const { journal } = openTestJournal(dataDir);
      const entries = [...walkEntries(journal.read)];
      journal.close();
      const compared = await compare({ entries, sold, ask });
      const laws = await brokenLaws({ origin, operatorToken }).catch((error: unknown) => [
        `cannot be asked for: ${String(error)}`,
      ]);
      const faults = [...compared.faults, ...laws.map((law) => `the law ${law}`)];
      const found = { ...compared, faults };
      const { exitCode, signalCode } = cloud.child;
      if (exitCode === null && signalCode === null) return found;
      return {
        ...found,
        faults: [...found.faults, `the cloud’s process ended by itself: ${lastWords}`],
      };
    },
    close: async () => {
      await stopAgent();
      await cloud.stop();
      await cloudLine.close();
      await databaseLine.close();
      stopPostgresCluster(cluster);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What the cloud itself finds wrong with its books. */
async function brokenLaws(cloud: {
  readonly origin: string;
  readonly operatorToken: string;
}): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${cloud.operatorToken}` };
  const response = await fetch(`${cloud.origin}/admin/v1/proofs`, { headers });
  const { proofs } = (await response.json()) as {
    proofs: readonly { readonly name: string; readonly holds: boolean }[];
  };
  return proofs.filter(({ holds }) => !holds).map(({ name }) => `${name} is broken`);
}

const lastWordsCharsMax = 1_500;
const firstFen = 101;

/** Reads beside the till, which holds the writer's lock. */
function readAcknowledged(file: string): number {
  const db = new Database(file, { readonly: true });
  const value = db.prepare<[], string>(ackedSql).pluck().get();
  db.close();
  return Number(value ?? 0);
}
const ackedSql = `SELECT value FROM meta WHERE key = 'acked-position'`;
const lagSql = 'select coalesce(sum(head_seq - projected_seq), 0) as lag from journal_head';

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function readPostmasterPid(folder: string): number {
  const file = path.join(folder, 'data/postmaster.pid');
  return Number(readFileSync(file, 'utf8').split('\n')[0]);
}

/** After the death of a backend the postmaster ends all others, recovers from its log and serves again. */
async function untilServesAnew(ask: House['ask']): Promise<void> {
  await pause(reinitialiseMs);
  await until(async () => (await ask('select 1')).length === 1);
}
const reinitialiseMs = 150;

async function startAgain(cluster: { folder: string; durable: boolean }): Promise<string> {
  const deadlineMs = performance.now() + databaseBackMsMax;
  for (;;) {
    await pause(pollMs);
    try {
      return (await startPostgresCluster(cluster)).databaseUrl;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
  }
}

/** Waits; after the limit the comparison says what is missing. A database that is just down counts as not yet. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + settleMsMax;
  while (performance.now() < deadlineMs) {
    if (await holds().catch(() => false)) return;
    await pause(pollMs);
  }
}

async function compare(books: {
  readonly entries: readonly JournalEntry[];
  readonly sold: number;
  readonly ask: House['ask'];
}): Promise<HouseFound> {
  const { entries, sold, ask } = books;
  const faults: string[] = [];
  const stored = await ask<{ epoch: string; seq: number; hash: string }>(
    'select epoch, seq, hash from journal_entry',
  );
  const inCloud = new Map(stored.map(({ epoch, seq, hash }) => [`${epoch}/${seq}`, hash]));
  const missing = entries.filter(({ epoch, seq, hash }) => inCloud.get(`${epoch}/${seq}`) !== hash);
  const lines = await ask<{ orders: number; lines: number; cashFen: number }>(
    `select count(distinct order_id) as orders, count(*) as lines, coalesce(sum(amount_fen), 0) as "cashFen"
       from settlement_line`,
  );
  const { orders = 0, lines: lineCount = 0 } = lines[0] ?? {};
  const wantedFen = Array.from({ length: sold }, (_, index) => firstFen + index).reduce(
    (sum, fen) => sum + fen,
    0,
  );
  if (lines[0]?.cashFen !== wantedFen)
    faults.push(`the cloud counts ${lines[0]?.cashFen} fen of ${wantedFen}`);
  const [aside] = await ask<{ parked: number; forks: number }>(
    `select (select count(*) from journal_parked) as parked, (select count(*) from journal_quarantine) as forks`,
  );
  if (aside?.parked !== 0 || aside.forks !== 0) faults.push(`set aside: ${JSON.stringify(aside)}`);
  if (stored.length > entries.length) faults.push('the cloud has entries that the till has not');
  const rising = entries.every(({ hlc }, at) => at === 0 || entries[at - 1]!.hlc < hlc);
  if (!rising) faults.push('the logical clock went back');
  if (missing.length > 0) faults.push(`${missing.length} entries are not in the cloud`);
  return {
    acknowledged: sold,
    lost: Math.max(0, sold - orders),
    doubled: lineCount - orders,
    faults,
  };
}
