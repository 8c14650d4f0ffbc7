import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchTable } from './bench-table.ts';
import { startChildServer } from './drain/child-server.ts';
import { durableSettings, startBenchCloud, type BenchCloud } from './drain/cloud.ts';
import { loadPouch, type PouchDatabase } from './drain/pouch.ts';
import { drain, makeOrders, queueOrders, rewind, wireOrders } from './drain/till.ts';
import { openSlowLine } from './drain/slow-line.ts';
import { describeMachine } from './machine.ts';
import { median } from './statistics.ts';

const ordersCount = 10_000;
const roundsCount = 5;
const pouchBatchDefault = 100;
const pouchBatchLarge = 1_000;
const overPouchMin = 10;
const overNoDatabaseMin = 0.5;
const roundTripMs = 60;
const slowLineMsMax = 3_000;
const bookedPerSecondMin = 3_000;

/**
 * How fast a till that was offline empties its queue of 10,000 orders (two journal entries each), and how fast the
 * cloud then books the backlog.
 *
 * All in one run and in turns: PouchDB replication to express-pouchdb at its default batch, the real till (SQLite
 * queue, signed gzip batches, acknowledgements durable in the queue) against the real cloud (PostgreSQL, projection
 * and booking running), the same till against a server without a database, PouchDB at its best batch, and ours
 * once more over a line with a round trip of 60 ms. Every server
 * is a process of its own. A document of PouchDB carries the same two entries that the till sends. Ratios are taken
 * round by round, so that a busy moment of the machine hits both sides; the median of five rounds counts.
 */
export async function runDrainBench(): Promise<BenchTable> {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-drain-'));
  const stop: (() => Promise<unknown>)[] = [];
  try {
    const cloud = await startBenchCloud(join(folder, 'cloud'));
    stop.push(() => cloud.stop());
    const bare = await startChildServer('./no-database-server.ts');
    stop.push(() => bare.stop());
    const pouch = await startPouch(folder);
    stop.push(() => pouch.stop());
    const slowLine = await openSlowLine(cloud.origin, roundTripMs / 2);
    stop.push(() => slowLine.stop());
    const rounds: Round[] = [];
    for (let round = 0; round < roundsCount; round += 1) {
      // Another queue each round: an order is booked once.
      const journal = queueOrders(join(folder, `till${round}`), makeOrders(ordersCount));
      const terminal = await cloud.activate();
      const pouchDefaultMs = await pouch.replicate(`round${round}default`, pouchBatchDefault);
      const workedBefore = workOf(cloud);
      const oursMs = await drain(journal, { ...terminal, origin: cloud.origin });
      const worked = workOf(cloud);
      const ackedAtMs = performance.now();
      await cloud.untilBooked(ordersCount);
      const bookedMs = performance.now() - ackedAtMs;
      rewind(journal);
      const bareMs = await drain(journal, { ...terminal, origin: bare.origin });
      const pouchLargeMs = await pouch.replicate(`round${round}large`, pouchBatchLarge);
      journal.close();
      const farMs = await drainFar(cloud, { origin: slowLine.origin, folder, round });
      rounds.push({
        oursMs,
        bookedMs,
        bareMs,
        pouchDefaultMs,
        pouchLargeMs,
        farMs,
        tillWorkMs: worked.tillMs - workedBefore.tillMs,
        cloudWorkMs: worked.cloudMs - workedBefore.cloudMs,
        databaseWorkMs: worked.databaseMs - workedBefore.databaseMs,
      });
    }
    return toTable(rounds);
  } finally {
    for (const end of stop.toReversed()) await end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What each took for all orders, milliseconds. */
interface Round {
  readonly oursMs: number;
  /** From the last acknowledgement until the last order is booked. */
  readonly bookedMs: number;
  readonly bareMs: number;
  readonly pouchDefaultMs: number;
  readonly pouchLargeMs: number;
  /** Ours over a line with a round trip of {@link roundTripMs}. */
  readonly farMs: number;
  /** Processor time while ours drained: of this process, of the cloud's, of all of the database's. */
  readonly tillWorkMs: number;
  readonly cloudWorkMs: number;
  readonly databaseWorkMs: number;
}

const usPerMs = 1_000;

/** Processor time used so far; on other systems than Linux only the till's is known. */
function workOf(cloud: BenchCloud) {
  const { user, system } = process.cpuUsage();
  return {
    tillMs: (user + system) / usPerMs,
    cloudMs: cloud.workMs(),
    databaseMs: cloud.databaseWorkMs(),
  };
}

/** Another queue of a till of its own, over the slow line; booked before the next round begins. */
async function drainFar(
  cloud: BenchCloud,
  far: { readonly origin: string; readonly folder: string; readonly round: number },
): Promise<number> {
  const journal = queueOrders(join(far.folder, `far${far.round}`), makeOrders(ordersCount));
  const terminal = await cloud.activate();
  const farMs = await drain(journal, { ...terminal, origin: far.origin });
  await cloud.untilBooked(ordersCount);
  journal.close();
  return farMs;
}

async function startPouch(folder: string) {
  const serverFolder = join(folder, 'pouch-server');
  mkdirSync(serverFolder);
  const server = await startChildServer('./pouch-server.ts', { args: [serverFolder] });
  const Pouch = loadPouch();
  const local: PouchDatabase = new Pouch(join(folder, 'pouch-till'));
  const journal = queueOrders(join(folder, 'pouch-queue'), makeOrders(ordersCount));
  const documents = wireOrders(journal).map((entries, index) => ({
    _id: `order${String(index).padStart(6, '0')}`,
    entries,
  }));
  journal.close();
  await local.bulkDocs(documents);
  return {
    async replicate(name: string, batch: number): Promise<number> {
      const startedAtMs = performance.now();
      const done = await local.replicate.to(`${server.origin}/${name}`, { batch_size: batch });
      if (done.docs_written !== documents.length) throw new Error(`wrote ${done.docs_written}`);
      return performance.now() - startedAtMs;
    },
    async stop() {
      await local.close();
      await server.stop();
    },
  };
}

const round2 = (value: number): number => Number(value.toFixed(2));

function toTable(rounds: readonly Round[]): BenchTable {
  const rate = (key: keyof Round) =>
    Math.round((ordersCount * 1_000) / median(rounds.map((round) => round[key])));
  const ratios = (peer: keyof Round) => rounds.map((round) => round[peer] / round.oursMs);
  const ratio = (peer: keyof Round) => round2(median(ratios(peer)));
  const spread = (peer: keyof Round) =>
    `${ratio(peer)} times (rounds ${ratios(peer).map(round2).join(', ')})`;
  const unit = 'orders/s';
  const farMs = median(rounds.map((round) => round.farMs));
  const row = (name: string, key: keyof Round) => ({ name, value: rate(key), unit });
  const work = (name: string, key: 'tillWorkMs' | 'cloudWorkMs' | 'databaseWorkMs') => ({
    name: `processor time of ${name} meanwhile`,
    value: round2((median(rounds.map((round) => round[key])) * usPerMs) / ordersCount),
    unit: 'µs/order',
  });
  return {
    name: 'drain',
    machine: describeMachine(),
    settings: [
      durableSettings.till,
      durableSettings.cloud,
      'PouchDB and its server: LevelDB with its default, which does not wait for the disk',
    ],
    rows: [
      row('Greentill, queue acknowledged', 'oursMs'),
      ...[
        work('the till', 'tillWorkMs'),
        work('the cloud', 'cloudWorkMs'),
        work('the database', 'databaseWorkMs'),
      ].filter(({ value }) => !Number.isNaN(value)),
      row(`Greentill, at a round trip of ${roundTripMs} ms`, 'farMs'),
      row('Greentill, backlog folded and booked afterwards', 'bookedMs'),
      { ...row('same till, server without a database', 'bareMs'), ratio: ratio('bareMs') },
      { ...row('PouchDB, batch 100 (default)', 'pouchDefaultMs'), ratio: ratio('pouchDefaultMs') },
      { ...row('PouchDB, batch 1000', 'pouchLargeMs'), ratio: ratio('pouchLargeMs') },
    ],
    verdicts: [
      {
        law: `a queue drains at least ${overPouchMin} times as fast as PouchDB replicates`,
        measured: spread('pouchDefaultMs'),
        ok: ratio('pouchDefaultMs') >= overPouchMin,
      },
      {
        law: `and at least ${overNoDatabaseMin} times as fast as into a server without a database`,
        measured: spread('bareMs'),
        ok: ratio('bareMs') >= overNoDatabaseMin,
      },
      {
        law: `${ordersCount} queued orders drain within ${slowLineMsMax} ms at a round trip of ${roundTripMs} ms`,
        measured: `${Math.round(farMs)} ms (rounds ${rounds.map((round) => Math.round(round.farMs)).join(', ')})`,
        ok: farMs <= slowLineMsMax,
      },
      {
        law: `a backlog is folded and booked at ${bookedPerSecondMin} orders/s or more`,
        measured: `${rate('bookedMs')} orders/s`,
        ok: rate('bookedMs') >= bookedPerSecondMin,
      },
    ],
  };
}
