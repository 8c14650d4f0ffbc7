import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';
import { batchEntriesMax } from '#shared/wire/v1/journal.ts';
import { createTestJournal, type TestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import type { BenchTable } from './bench-table.ts';
import { durableSettings, startBenchCloud, type BenchCloud } from './drain/cloud.ts';
import { makeOrders } from './drain/till.ts';
import { describeMachine, median } from './machine.ts';

const tillsCount = 40;
const ordersPerTill = 500;
const roundsCount = 3;
const batchesInFlight = 2;
const acceptedPerSecondMin = 5_000;
const entriesCount = tillsCount * ordersPerTill * 2;

/**
 * The storm after a city-wide outage: forty tills of forty shops come back at the same moment, each with 500 orders
 * (1,000 entries) queued, and send them in signed gzip batches, two in flight each. Measured: entries accepted a
 * second, durable, from the first byte until the last answer; then how fast all of it is booked. The tills share the
 * machine with the cloud; their batches are packed beforehand, signing is part of the storm.
 */
export async function runStormBench(): Promise<BenchTable> {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-storm-'));
  const cloud = await startBenchCloud(join(folder, 'cloud'));
  try {
    const rounds: { acceptedMs: number; bookedMs: number }[] = [];
    for (let round = 0; round < roundsCount; round += 1) rounds.push(await storm(cloud));
    const perSecond = (count: number, key: 'acceptedMs' | 'bookedMs') =>
      Math.round((count * 1_000) / median(rounds.map((round) => round[key])));
    const accepted = perSecond(entriesCount, 'acceptedMs');
    return {
      name: 'storm',
      machine: describeMachine(),
      settings: [durableSettings.cloud],
      rows: [
        {
          name: `${tillsCount} tills at once, entries accepted (ratio: to the law)`,
          value: accepted,
          unit: 'entries/s',
          ratio: Number((accepted / acceptedPerSecondMin).toFixed(2)),
        },
        {
          name: 'folded and booked afterwards',
          value: perSecond(entriesCount / 2, 'bookedMs'),
          unit: 'orders/s',
        },
      ],
      verdicts: [
        {
          law: `a reconnect storm is accepted at ${acceptedPerSecondMin} entries/s or more`,
          measured: `${accepted} entries/s`,
          ok: accepted >= acceptedPerSecondMin,
        },
      ],
    };
  } finally {
    await cloud.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function storm(cloud: BenchCloud): Promise<{ acceptedMs: number; bookedMs: number }> {
  const tills: { terminal: TestTerminal; batches: readonly Buffer[] }[] = [];
  for (let count = 0; count < tillsCount; count += 1)
    tills.push({ terminal: await cloud.plantTerminal(), batches: packedBatches() });
  const startedAtMs = performance.now();
  await Promise.all(tills.map(({ terminal, batches }) => sendAll(terminal, batches)));
  const acceptedAtMs = performance.now();
  await cloud.untilBooked(entriesCount / 2);
  return {
    acceptedMs: acceptedAtMs - startedAtMs,
    bookedMs: performance.now() - acceptedAtMs,
  };
}

function packedBatches(): readonly Buffer[] {
  const journal = createTestJournal();
  for (const { facts } of makeOrders(ordersPerTill))
    for (const { type, body } of facts) journal.append(type, body);
  const batches: Buffer[] = [];
  for (let seq = 1; seq <= journal.entries.length; seq += batchEntriesMax) {
    const text = JSON.stringify(journal.batch(seq, seq + batchEntriesMax - 1));
    batches.push(gzipSync(text, { level: constants.Z_BEST_SPEED }));
  }
  return batches;
}

/** Sends the batches in order, {@link batchesInFlight} at a time. */
async function sendAll(terminal: TestTerminal, batches: readonly Buffer[]): Promise<void> {
  const waiting = [...batches];
  const sendNext = async (): Promise<void> => {
    for (let packed = waiting.shift(); packed !== undefined; packed = waiting.shift()) {
      const answer = await terminal.post('/v1/journal/batches', null, { sentBody: packed });
      if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    }
  };
  await Promise.all(Array.from({ length: batchesInFlight }, sendNext));
}
