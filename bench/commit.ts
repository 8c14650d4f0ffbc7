import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import { newId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { openJournal } from '#terminal/agent/journal/journal.ts';
import { openStore } from '#terminal/agent/journal/open-store.ts';
import { describeMachine } from './machine.ts';
import { quantile } from './statistics.ts';
import type { BenchTable } from './bench-table.ts';

/**
 * What a durable sale costs beside the least a disk can do: one cash sale (two entries, hash chain, projections, one
 * transaction) against overwriting 4 KB and fdatasync. They alternate, so that a noisy disk hits both alike.
 */
const rounds = 9;
const samplesPerRound = 300;
/** Not counted: they fill caches, grow the write-ahead log to its size and let the compiler settle, on both sides. */
const warmUpRounds = 4;
const pageBytes = 4_096;
const ratioMax = 1.5;

export async function runCommitBench(): Promise<BenchTable> {
  // On the disk of the system's temporary folder: point TMPDIR at the disk that is to be measured.
  const folder = mkdtempSync(join(tmpdir(), 'greentill-bench-'));
  const store = getOrThrow(openStore(folder));
  const ports = { clock: systemClock, random: systemRandom };
  const journal = getOrThrow(openJournal({ store, ...ports, appVersion: 'bench' }));
  const file = openSync(join(folder, 'raw.bin'), 'w+');
  const page = Buffer.alloc(pageBytes, 0x5a);
  writeSync(file, page);
  fdatasyncSync(file);
  const commits: number[][] = [];
  const writes: number[][] = [];
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    const ours: number[] = [];
    const raw: number[] = [];
    for (let index = 0; index < samplesPerRound; index += 1) {
      const facts = saleFacts();
      ours.push(
        durationMs(() => {
          assert(journal.append(facts).ok, () => 'the disk takes a sale');
        }),
      );
      raw.push(
        durationMs(() => {
          writeSync(file, page, 0, pageBytes, 0);
          fdatasyncSync(file);
        }),
      );
    }
    if (round < 0) continue;
    commits.push(ours);
    writes.push(raw);
  }
  closeSync(file);
  journal.close();
  rmSync(folder, { recursive: true, force: true });
  return tableOf(commits, writes);
}

const row = (name: string, values: readonly number[], at: number) => ({
  name,
  value: Math.round(quantile(values, at) * 1_000),
  unit: 'µs',
});

function tableOf(commits: readonly number[][], writes: readonly number[][]): BenchTable {
  const ratios = commits.map(
    (ours, round) => quantile(ours, 0.5) / quantile(writes[round] ?? [], 0.5),
  );
  const ratio = quantile(ratios, 0.5);
  const [ours, raw] = [commits.flat(), writes.flat()];
  return {
    name: 'commit',
    machine: describeMachine(),
    rows: [
      row('raw 4 KB overwrite + fdatasync, p50', raw, 0.5),
      row('raw 4 KB overwrite + fdatasync, p99', raw, 0.99),
      { ...row('durable cash sale in the journal, p50', ours, 0.5), ratio },
      row('durable cash sale in the journal, p99', ours, 0.99),
      {
        name: 'sales in a second, one after the other',
        value: Math.round(1_000 / mean(ours)),
        unit: '1/s',
      },
    ],
    verdicts: [
      {
        law: `a durable sale costs at most ${ratioMax} times a raw durable write (p50, median of ${rounds} rounds)`,
        measured: `${ratio.toFixed(2)} times (rounds ${ratios.map((one) => one.toFixed(2)).join(', ')})`,
        ok: ratio <= ratioMax,
      },
    ],
  };
}

function saleFacts(): readonly EntryFact[] {
  const orderId = newId('ord', { clock: systemClock, random: systemRandom });
  const amountFen = 1_250;
  return [
    {
      type: 'order.opened',
      body: {
        orderId,
        amountFen,
        voucherFen: 0,
        concessionBp: 1_000,
        businessDate: '2026-11-22',
        cashier: '小王',
        claimToken: '0123456789ABCDEF',
      },
    },
    {
      type: 'cash.recorded',
      body: { orderId, dueFen: amountFen, tenderedFen: amountFen, changeFen: 0 },
    },
  ];
}

function durationMs(work: () => void): number {
  const from = systemClock.monotonicMs();
  work();
  return systemClock.monotonicMs() - from;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
