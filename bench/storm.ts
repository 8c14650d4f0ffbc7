import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { constants, gzipSync } from 'node:zlib';
import { exportKeyPair } from '#cloud/identity/ed25519.ts';
import { createTestJournal, type TestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import type { BenchTable } from './bench-table.ts';
import { durableSettings, startBenchCloud, type BenchCloud } from './drain/cloud.ts';
import { makeOrders } from './drain/till.ts';
import { describeMachine } from './machine.ts';
import type { CashierData, CounterTold } from './storm/counter.ts';
import { quantile } from './statistics.ts';

/** Fewer for a look in passing: `STORM_TILLS=600 npm run bench -- storm`. The law is about all of them. */
const tillsCount = Number(process.env['STORM_TILLS'] ?? 6_000);
const ordersPerTill = 50;
const entriesPerTill = ordersPerTill * 2;
const entriesCount = tillsCount * entriesPerTill;
const acceptedPerSecondMin = 5_000;
/** A till that is not served gives up the bench, not the queue. */
const triesMax = 200;
const lostLinePauseMsMax = 2_000;
const failurePauseMsMax = 8_000;
const msPerSecond = 1_000;
/** Then a till hangs up and asks what became of the charge. */
const counterWaitMsMax = 10_000;
/** The shop of the bench has no channel: it is told so after everything that comes before one is asked. */
const counterStatus = 422;

/**
 * The storm after a city-wide outage: 6,000 tills come back at the same moment with 50 orders (100 entries) each, one
 * signed gzip batch a till. A till that is told 429 waits as long as it was told and comes again, signed anew, like
 * the real one. Measured: entries accepted a second, durable, from the first byte until the last answer; when each
 * till was done; how often tills were sent away; the cloud's memory and processor time; how long a cashier who charges
 * all the while, in a thread of her own, waits for an answer. A 200 came after the signature was verified, a 429 at the
 * door. The tills share the machine with the cloud; their batches are packed beforehand, signing is part.
 */
export async function runStormBench(): Promise<BenchTable> {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-storm-'));
  const cloud = await startBenchCloud(join(folder, 'cloud'));
  try {
    const terminals = await cloud.plantTerminals(tillsCount);
    const tills = terminals.map((terminal) => ({ terminal, batch: packedBatch() }));
    const memoryBeforeMiB = cloud.memoryPeakMiB();
    const counter = openCounter(cloud.origin, await cloud.activate());
    const fared = await storm(cloud, tills);
    return toTable({ ...fared, counter: await counter.close() }, memoryBeforeMiB);
  } finally {
    await cloud.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Till {
  readonly terminal: TestTerminal;
  readonly batch: Buffer;
}

/** How one till fared. */
interface Fared {
  readonly doneMs: number;
  readonly sentAway: number;
  readonly linesLost: number;
  /** Answers that say the cloud failed. It must shed load in words: 429. */
  readonly failed: number;
}

interface Storm {
  readonly tills: readonly Fared[];
  readonly entriesKept: number;
  readonly memoryPeakMiB: number;
  /** Processor time of the cloud's own process, milliseconds. */
  readonly cloudWorkMs: number;
}

/** A cashier in a thread of her own. */
function openCounter(origin: string, { key, terminalId, merchantId, storeId }: TestTerminal) {
  const exportedKey = exportKeyPair(key);
  const workerData: CashierData = { origin, terminalId, merchantId, storeId, exportedKey };
  const thread = new Worker(new URL('./storm/counter.ts', import.meta.url), { workerData });
  const failed = new Promise<never>((_resolve, reject) => {
    thread.once('error', reject);
  });
  return {
    close: (): Promise<CounterTold> => {
      const told = new Promise<CounterTold>((resolve) => {
        thread.once('message', resolve);
      });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
      thread.postMessage('over');
      return Promise.race([told, failed]);
    },
  };
}

async function storm(cloud: BenchCloud, tills: readonly Till[]): Promise<Storm> {
  const workBeforeMs = cloud.workMs();
  const startedAtMs = performance.now();
  const fared = await Promise.all(tills.map((till) => send(till, startedAtMs)));
  return {
    tills: fared,
    entriesKept: await cloud.entriesKept(),
    memoryPeakMiB: cloud.memoryPeakMiB(),
    cloudWorkMs: cloud.workMs() - workBeforeMs,
  };
}

async function send({ terminal, batch }: Till, startedAtMs: number): Promise<Fared> {
  let [sentAway, linesLost, failed] = [0, 0, 0];
  for (let tries = 0; tries < triesMax; tries += 1) {
    const answer = await terminal
      .post('/v1/journal/batches', null, { sentBody: batch })
      .catch(() => undefined);
    if (answer?.status === 200)
      return { doneMs: performance.now() - startedAtMs, sentAway, linesLost, failed };
    if (answer?.status === 429) {
      sentAway += 1;
      await sleep(Number(answer.headers.get('retry-after') ?? '1') * msPerSecond);
    } else if (answer !== undefined && answer.status >= 500) {
      failed += 1;
      await sleep(Math.random() * failurePauseMsMax);
    } else if (answer === undefined) {
      // Thousands of connections at once: what the machine refuses is tried again.
      linesLost += 1;
      await sleep(Math.random() * lostLinePauseMsMax);
    } else throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  }
  throw new Error(`${terminal.terminalId} was starved: ${triesMax} tries`);
}

function packedBatch(): Buffer {
  const journal = createTestJournal();
  for (const { facts } of makeOrders(ordersPerTill))
    for (const { type, body } of facts) journal.append(type, body);
  return gzipSync(JSON.stringify(journal.batch(1)), { level: constants.Z_BEST_SPEED });
}

const round2 = (value: number): number => Number(value.toFixed(2));

function counterRows({ waitsMs }: CounterTold) {
  const at = (share: number): number => Math.round(quantile(waitsMs, share));
  return [
    count('charge at a counter meanwhile, p50', at(0.5), 'ms'),
    count('charge at a counter meanwhile, p99', at(0.99), 'ms'),
  ];
}

const count = (name: string, value: number, unit = '') => ({ name, value, unit });

function toTable(
  { tills, counter, ...kept }: Storm & { readonly counter: CounterTold },
  memoryBeforeMiB: number,
): BenchTable {
  const doneMs = tills.map((till) => till.doneMs);
  // The least of all belongs to no share above 0.
  const at = (share: number): number =>
    share === 0 ? Math.min(...doneMs) : quantile(doneMs, share);
  const sum = (key: 'sentAway' | 'linesLost' | 'failed'): number =>
    tills.reduce((total, till) => total + till[key], 0);
  const accepted = Math.round((entriesCount * msPerSecond) / at(1));
  const ms = (name: string, share: number) => ({ name, value: Math.round(at(share)), unit: 'ms' });
  return {
    name: 'storm',
    machine: describeMachine(),
    settings: [durableSettings.cloud, `${tillsCount} tills, ${entriesPerTill} entries each`],
    rows: [
      {
        name: 'entries accepted (ratio: to the law)',
        value: accepted,
        unit: 'entries/s',
        ratio: Number((accepted / acceptedPerSecondMin).toFixed(2)),
      },
      ms('first till done', 0),
      ms('half of the tills done', 0.5),
      ms('nine of ten done', 0.9),
      ms('last till done', 1),
      count('sent away with 429', sum('sentAway'), 'times'),
      count('most often one till', Math.max(...tills.map((till) => till.sentAway)), 'times'),
      count('connections refused or cut', sum('linesLost')),
      count('answered 5xx', sum('failed'), 'times'),
      count('processor time of the cloud per till', round2(kept.cloudWorkMs / tillsCount), 'ms'),
      ...counterRows(counter),
      count('memory of the cloud, peak before', memoryBeforeMiB, 'MiB'),
      count('memory of the cloud, peak', kept.memoryPeakMiB, 'MiB'),
    ],
    verdicts: [
      {
        law: `a reconnect storm is accepted at ${acceptedPerSecondMin} entries/s or more`,
        measured: `${accepted} entries/s`,
        ok: accepted >= acceptedPerSecondMin,
      },
      {
        law: 'what the cloud cannot take now it refuses with 429, never with 5xx',
        measured: `${sum('failed')} answers with 5xx`,
        ok: sum('failed') === 0,
      },
      {
        law: `a cashier who charges meanwhile is answered within ${counterWaitMsMax} ms, every time`,
        measured: `${Math.round(Math.max(...counter.waitsMs))} ms, ${counter.statuses.length} charges, statuses ${[...new Set(counter.statuses)].join(', ')}`,
        ok:
          Math.max(...counter.waitsMs) <= counterWaitMsMax &&
          counter.statuses.every((status) => status === counterStatus),
      },
      {
        law: 'every entry is kept once, and no till is left out',
        measured: `${kept.entriesKept} of ${entriesCount} entries, ${tills.length} of ${tillsCount} tills`,
        ok: kept.entriesKept === entriesCount && tills.length === tillsCount,
      },
    ],
  };
}
