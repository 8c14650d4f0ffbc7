import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { generateKeyPair } from '#cloud/identity/ed25519.ts';
import { provisionMerchant, provisionStore } from '#cloud/identity/provisioning.ts';
import { projectionLag } from '#cloud/journal/projection-store.ts';
import { connect } from '#cloud/platform/connect.ts';
import { startPostgresCluster } from '#cloud/platform/postgres-cluster.ts';
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
import { basisPoints } from '#shared/money/rate.ts';

const source = { clock: createSystemClock(), random: createSystemRandom() };
/** The operator of a cloud that was told of no other. */
const operatorId = 'opr_00000000000000000000000000' as OperatorId;
const pollMs = 25;
const bookTimeoutMs = 300_000;

/** The real cloud in a process of its own, on its embedded PostgreSQL, with an eye on its database. */
export interface BenchCloud {
  readonly origin: string;
  activate(): Promise<TestTerminal>;
  /** A terminal of a new shop, written into the database: more of them than may activate in a minute. */
  plantTerminal(): Promise<TestTerminal>;
  /** Waits until everything that was taken is folded, and checks that so many more orders were booked. */
  untilBooked(ordersCount: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startBenchCloud(dataFolder: string): Promise<BenchCloud> {
  const cloud = await startCloudProcess({
    DATA_FOLDER: dataFolder,
    PORT: '0',
    REQUESTS_PER_MINUTE: '1000000',
  });
  const { origin } = cloud;
  const operatorToken = readFileSync(join(dataFolder, 'operator-token'), 'utf8').trim();
  // Adopts the server that the cloud has started.
  const postgres = { folder: join(dataFolder, 'postgres'), durable: true };
  const { db, pool } = connect((await startPostgresCluster(postgres)).databaseUrl, { poolMax: 1 });
  let bookedBefore = 0;
  return {
    origin,
    activate: () => activateTestTerminal({ origin, operatorToken }),
    plantTerminal: () => db.transaction((tx) => plantTerminal(tx, origin)),
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

async function plantTerminal(tx: Tx, origin: string): Promise<TestTerminal> {
  const merchant = {
    operatorId,
    name: '风暴商店',
    concessionBp: basisPoints(1_000),
    sameDayBp: basisPoints(8_000),
    cutOverHour: 4,
  };
  const merchantId = await provisionMerchant(tx, merchant, source);
  const store = { operatorId, merchantId, name: '一号店', phone: '010-00000000' };
  const storeId = await provisionStore(tx, store, source);
  const terminalId = newId('trm', source);
  const key = generateKeyPair();
  await tx.execute(sql`
    insert into terminal (operator_id, terminal_id, merchant_id, store_id, public_key, model,
      app_version, activated_at_ms)
    values (${operatorId}, ${terminalId}, ${merchantId}, ${storeId}, ${key.publicKey}, 'bench',
      'bench', ${source.clock.nowMs()})`);
  return createTestTerminal({ origin, terminalId, merchantId, storeId, key });
}

/** What both sides of a comparison write, and how firmly. */
export const durableSettings = {
  till: 'till: SQLite, WAL, synchronous=FULL: an acknowledgement is on the disk before it counts',
  cloud:
    'cloud: PostgreSQL 18, fsync on, synchronous_commit on: a batch is on the disk before its answer',
} as const;
