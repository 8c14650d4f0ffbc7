import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { generateKeyPair } from '#cloud/identity/ed25519.ts';
import { projectionLag } from '#cloud/journal/projection/projection-store.ts';
import {
  merchantChannelsDefault,
  openMerchantChannels,
} from '#cloud/payments/merchant-channels.ts';
import { connect } from '#cloud/platform/postgres/connect.ts';
import { startPostgresCluster } from '#cloud/platform/postgres/postgres-cluster.ts';
import { startCloudProcess } from '#cloud/platform/testing/cloud-process.ts';
import {
  activateTestTerminal,
  createTestTerminal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';
import { newId, type OperatorId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';
import { processWorkMs, treeWorkMs } from '../process-work.ts';

const source = { clock: createSystemClock(), random: createSystemRandom() };
/** The operator of a cloud that was told of no other. */
const operatorId = 'opr_00000000000000000000000000' as OperatorId;
const tillsPerShop = 20;
const pollMs = 25;
const bookTimeoutMs = 300_000;

/** The real cloud in a process of its own, on its embedded PostgreSQL, with an eye on its database. */
export interface BenchCloud {
  readonly origin: string;
  activate(): Promise<TestTerminal>;
  /** Terminals of new shops, written into the database: more of them than may activate in a minute. */
  plantTerminals(count: number): Promise<readonly TestTerminal[]>;
  /** Opens every channel for the shops of these terminals. */
  openChannels(terminals: readonly TestTerminal[]): Promise<void>;
  /** One row after the other into a table of its own, each waited for: milliseconds each. */
  bareInsertsMs(count: number): Promise<readonly number[]>;
  /** Journal entries that the inbox holds. */
  entriesKept(): Promise<number>;
  /** The most memory that the cloud's own process has held so far; NaN where the system does not tell. */
  memoryPeakMiB(): number;
  /** Processor time that the cloud's own process has used, milliseconds; NaN where the system does not tell. */
  workMs(): number;
  /** The same of its database, all its processes together. */
  databaseWorkMs(): number;
  /** Statements that the database has run so far, most frequent first; empty without `countsStatements`. */
  statements(): Promise<readonly CountedStatement[]>;
  /** Waits until everything that was taken is folded, and checks that so many more orders were booked. */
  untilBooked(ordersCount: number): Promise<void>;
  stop(): Promise<void>;
}

export interface CountedStatement {
  readonly text: string;
  readonly calls: number;
  /** Planning included. */
  readonly tookMs: number;
  readonly planMs: number;
  /** Pages of 8 KB that it looked at, in memory or not. */
  readonly pages: number;
}

/** Every plan as it ran, with the pages it touched, in the log of the cluster (`postgres.log`). */
const explainSettings = {
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_nested_statements': 'off',
};

export async function startBenchCloud(
  dataFolder: string,
  environment: Readonly<Record<string, string>> = {},
  options: { readonly countsStatements: boolean; readonly explains?: boolean } = {
    countsStatements: false,
  },
): Promise<BenchCloud> {
  const postgres = { folder: join(dataFolder, 'postgres'), durable: true };
  const { countsStatements, explains = false } = options;
  // The cloud adopts a server that runs already; this library must be there from its start.
  const settings = {
    shared_preload_libraries: explains ? 'pg_stat_statements, auto_explain' : 'pg_stat_statements',
    'pg_stat_statements.track_planning': 'on',
    ...(explains ? explainSettings : {}),
  };
  if (countsStatements) await startPostgresCluster({ ...postgres, settings });
  const cloud = await startCloudProcess({
    DATA_FOLDER: dataFolder,
    PORT: '0',
    REQUESTS_PER_MINUTE: '1000000',
    ...environment,
  });
  const { origin } = cloud;
  const operatorToken = readFileSync(join(dataFolder, 'operator-token'), 'utf8').trim();
  // Adopts the server that the cloud has started.
  const { db, pool } = connect((await startPostgresCluster(postgres)).databaseUrl, { poolMax: 1 });
  if (countsStatements) await db.execute(sql`create extension pg_stat_statements`);
  let bookedBefore = 0;
  return {
    origin,
    activate: () => activateTestTerminal({ origin, operatorToken }),
    plantTerminals: (count) => db.transaction((tx) => plantTerminals(tx, { origin, count })),
    async openChannels(terminals) {
      for (const merchantId of new Set(terminals.map((terminal) => terminal.merchantId)))
        await openMerchantChannels(db, {
          operatorId,
          merchantId,
          channels: merchantChannelsDefault('1900000109'),
        });
    },
    async bareInsertsMs(count) {
      await db.execute(sql`create table if not exists bench_bare (n bigint, body text)`);
      const times: number[] = [];
      for (let n = 0; n < count; n += 1) {
        const startedAtMs = performance.now();
        await db.execute(sql`insert into bench_bare values (${n}, ${'x'.repeat(200)})`);
        times.push(performance.now() - startedAtMs);
      }
      return times;
    },
    async entriesKept() {
      const { rows } = await db.execute<{ kept: number }>(
        sql`select coalesce(sum(last_seq - first_seq + 1), 0)::bigint as kept from journal_batch`,
      );
      return rows[0]?.kept ?? 0;
    },
    memoryPeakMiB: () => memoryPeakMiB(cloud.child.pid),
    workMs: () => processWorkMs(cloud.child.pid),
    databaseWorkMs: () => treeWorkMs(join(postgres.folder, 'data')),
    async statements() {
      if (!countsStatements) return [];
      const { rows } = await db.execute<
        Record<'calls' | 'ms' | 'plan' | 'pages', number> & { text: string }
      >(sql`
        select query as text, sum(calls) as calls, sum(total_exec_time + total_plan_time) as ms,
               sum(total_plan_time) as plan, sum(shared_blks_hit + shared_blks_read) as pages
          from pg_stat_statements group by query order by 2 desc`);
      return rows.map(({ ms, plan, ...row }) => ({ ...row, tookMs: ms, planMs: plan }));
    },
    async untilBooked(ordersCount) {
      const deadlineMs = performance.now() + bookTimeoutMs;
      while ((await projectionLag(db)) > 0) {
        if (performance.now() > deadlineMs) throw new Error('the backlog was not booked');
        await sleep(pollMs);
      }
      const { rows } = await db.execute<{ lines: number }>(
        sql`select count(*) as lines from settlement_line`,
      );
      const bookedNow = (rows[0]?.lines ?? 0) - bookedBefore;
      bookedBefore += bookedNow;
      if (bookedNow !== ordersCount)
        throw new Error(`booked ${bookedNow} of ${ordersCount} orders`);
    },
    async stop() {
      await pool.end();
      await cloud.stop();
    },
  };
}

/** One shop to every {@link tillsPerShop} tills; each table in one statement. */
async function plantTerminals(
  tx: Tx,
  { origin, count }: { readonly origin: string; readonly count: number },
): Promise<readonly TestTerminal[]> {
  const shops = Array.from({ length: Math.ceil(count / tillsPerShop) }, () => ({
    merchantId: newId('mch', source),
    storeId: `str_${newId('ord', source).slice(4)}`,
  }));
  const tills = Array.from({ length: count }, (_, index) => {
    const shop = shops[Math.floor(index / tillsPerShop)];
    assert(shop !== undefined, () => 'a shop for every till');
    const key = generateKeyPair();
    return createTestTerminal({ origin, ...shop, terminalId: newId('trm', source), key });
  });
  const nowMs = source.clock.nowMs();
  const shopRows = sql`jsonb_to_recordset(${JSON.stringify(shops)}::jsonb)
    as s("merchantId" text, "storeId" text)`;
  await tx.execute(sql`
    insert into merchant (operator_id, merchant_id, name, concession_bp, same_day_bp, cut_over_hour,
      created_at_ms)
    select ${operatorId}, s."merchantId", '风暴商店', 1000, 8000, 4, ${nowMs}::bigint from ${shopRows}`);
  await tx.execute(sql`
    insert into store (operator_id, merchant_id, store_id, name, phone, created_at_ms)
    select ${operatorId}, s."merchantId", s."storeId", '一号店', '010-00000000', ${nowMs}::bigint
      from ${shopRows}`);
  const tillRows = tills.map(({ terminalId, merchantId, storeId, key }) => ({
    id: terminalId,
    merchant: merchantId,
    store: storeId,
    key: key.publicKey,
  }));
  await tx.execute(sql`
    insert into terminal (operator_id, terminal_id, merchant_id, store_id, public_key, model,
      app_version, activated_at_ms)
    select ${operatorId}, t.id, t.merchant, t.store, t.key, 'bench', 'bench', ${nowMs}::bigint
      from jsonb_to_recordset(${JSON.stringify(tillRows)}::jsonb)
        as t(id text, merchant text, store text, key text)`);
  return tills;
}

function memoryPeakMiB(processId: number | undefined): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8'));
    return Math.round(Number(kibibytes?.[1]) / 1_024);
  } catch {
    return Number.NaN;
  }
}

/** What both sides of a comparison write, and how firmly. */
export const durableSettings = {
  till: 'till: SQLite, WAL, synchronous=FULL: an acknowledgement is on the disk before it counts',
  cloud:
    'cloud: PostgreSQL 18, fsync on, synchronous_commit on: a batch is on the disk before its answer',
} as const;
