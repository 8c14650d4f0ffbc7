import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectionLag } from '#cloud/journal/projection-store.ts';
import { connect, type Connection } from '#cloud/platform/connect.ts';
import { startPostgresCluster } from '#cloud/platform/postgres-cluster.ts';
import { startCloudProcess } from '#cloud/platform/testing/cloud-process.ts';
import { activateTestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import type { BenchTable } from './bench-table.ts';
import { startChildServer } from './drain/child-server.ts';
import { loadPouch, type PouchDatabase } from './drain/pouch.ts';
import { drain, makeOrders, queueOrders, rewind, type QueuedOrder } from './drain/till.ts';
import { describeMachine, median } from './machine.ts';

const ordersCount = 10_000;
const roundsCount = 3;
const pouchBatches = [100, 1000] as const;
const overPouchMin = 5;
const overNoDatabaseMin = 0.25;
const projectionPollMs = 50;
const projectionTimeoutMs = 120_000;

/**
 * How fast a till that was offline empties its queue of 10,000 orders (two journal entries each).
 *
 * All in one run and interleaved: the real till (SQLite queue, signed gzip batches, acknowledgements durable in the
 * queue) against the real cloud (PostgreSQL, fsync on, projection and booking running); the same till against a
 * server without a database; PouchDB replication to express-pouchdb, at its default batch and at its best.
 * Each server is a process of its own; the median of three rounds counts.
 */
export async function runDrainBench(): Promise<BenchTable> {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-drain-'));
  const orders = makeOrders(ordersCount);
  const stop: (() => Promise<unknown>)[] = [];
  try {
    const journal = queueOrders(join(folder, 'till'), orders);
    const dataFolder = join(folder, 'cloud');
    const cloud = await startCloudProcess({
      DATA_FOLDER: dataFolder,
      PORT: '0',
      REQUESTS_PER_MINUTE: '1000000',
    });
    stop.push(() => cloud.stop());
    const operatorToken = readFileSync(join(dataFolder, 'operator-token'), 'utf8').trim();
    const postgres = { folder: join(dataFolder, 'postgres'), durable: true };
    const connection = connect((await startPostgresCluster(postgres)).databaseUrl, { poolMax: 1 });
    stop.push(() => connection.pool.end());
    const bare = await startChildServer('./no-database-server.ts');
    stop.push(() => bare.stop());
    const pouch = await startPouch(folder, orders);
    stop.push(() => pouch.stop());

    const times = { ours: [] as number[], booked: [] as number[], bare: [] as number[] };
    const pouchTimes = new Map<number, number[]>(pouchBatches.map((batch) => [batch, []]));
    for (let round = 0; round < roundsCount; round += 1) {
      const terminal = await activateTestTerminal({ origin: cloud.origin, operatorToken });
      rewind(journal);
      const startedAtMs = performance.now();
      times.ours.push(await drain(journal, { ...terminal, origin: cloud.origin }));
      await untilBooked(connection);
      times.booked.push(performance.now() - startedAtMs);
      rewind(journal);
      times.bare.push(await drain(journal, { ...terminal, origin: bare.origin }));
      for (const batch of pouchBatches) {
        pouchTimes.get(batch)?.push(await pouch.replicate(`round${round}batch${batch}`, batch));
      }
    }
    journal.close();
    return toTable({ ...times, pouch: pouchTimes });
  } finally {
    for (const end of stop.toReversed()) await end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until the cloud's projection has consumed everything it took: orders folded, cash booked. */
async function untilBooked({ db }: Connection): Promise<void> {
  const deadlineMs = performance.now() + projectionTimeoutMs;
  while ((await projectionLag(db)) > 0) {
    if (performance.now() > deadlineMs) throw new Error('the projection did not finish');
    await sleep(projectionPollMs);
  }
}

async function startPouch(folder: string, orders: readonly QueuedOrder[]) {
  const serverFolder = join(folder, 'pouch-server');
  mkdirSync(serverFolder);
  const server = await startChildServer('./pouch-server.ts', { args: [serverFolder] });
  const Pouch = loadPouch();
  const local: PouchDatabase = new Pouch(join(folder, 'pouch-till'));
  const documents = orders.map(({ facts }) => {
    const body = Object.assign({}, ...facts.map((fact) => fact.body)) as { orderId: string };
    return { _id: body.orderId, ...body };
  });
  await local.bulkDocs(documents);
  return {
    async replicate(name: string, batch: number): Promise<number> {
      const startedAtMs = performance.now();
      const done = await local.replicate.to(`${server.origin}/${name}`, { batch_size: batch });
      if (done.docs_written !== orders.length) throw new Error(`wrote ${done.docs_written}`);
      return performance.now() - startedAtMs;
    },
    async stop() {
      await local.close();
      await server.stop();
    },
  };
}

const rate = (values: readonly number[]) => Math.round((ordersCount * 1000) / median(values));

function toTable(times: {
  readonly ours: readonly number[];
  readonly booked: readonly number[];
  readonly bare: readonly number[];
  readonly pouch: ReadonlyMap<number, readonly number[]>;
}): BenchTable {
  const [ours, booked, bare] = [rate(times.ours), rate(times.booked), rate(times.bare)];
  const pouchDefault = rate(times.pouch.get(pouchBatches[0]) ?? []);
  const pouchLarge = rate(times.pouch.get(pouchBatches[1]) ?? []);
  const unit = 'orders/s';
  const ratioTo = (peer: number) => Number((ours / peer).toFixed(2));
  return {
    name: 'drain',
    machine: describeMachine(),
    rows: [
      { name: 'Greentill, acknowledged (PostgreSQL, fsync on)', value: ours, unit },
      { name: 'Greentill, folded and booked as well', value: booked, unit },
      { name: 'same till, server without a database', value: bare, unit, ratio: ratioTo(bare) },
      {
        name: 'PouchDB, batch 100 (default)',
        value: pouchDefault,
        unit,
        ratio: ratioTo(pouchDefault),
      },
      { name: 'PouchDB, batch 1000', value: pouchLarge, unit, ratio: ratioTo(pouchLarge) },
    ],
    verdicts: [
      {
        law: `a queue drains at least ${overPouchMin} times as fast as PouchDB replicates`,
        measured: `${ratioTo(pouchDefault)} times`,
        ok: ours >= overPouchMin * pouchDefault,
      },
      {
        law: `and at least ${overNoDatabaseMin} times as fast as into a server without a database`,
        measured: `${ratioTo(bare)} times`,
        ok: ours >= overNoDatabaseMin * bare,
      },
    ],
  };
}
