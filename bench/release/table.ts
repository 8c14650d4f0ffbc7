import { loadavg } from 'node:os';
import type { ReleaseOutcome } from '#cloud/release/release-day.ts';
import type { BenchRow, BenchTable, BenchVerdict } from '../bench-table.ts';
import { describeMachine } from '../machine.ts';

const ratioMax = 3;
const memoryMbMax = 4_096;
const trafficP99MsMax = 50;

export interface Timed<T> {
  readonly value: T;
  readonly ms: number;
}

/** What orders that were booked at the same time took, milliseconds. */
export interface Beside {
  readonly p50: number;
  readonly p99: number;
}

/** All that the bench measured; times in milliseconds. */
export interface Measured {
  readonly loadMs: number;
  /** Batches of orders that could not be booked at all. */
  readonly failedBatches: number;
  readonly idle: Beside;
  readonly close: Timed<unknown> & Beside;
  readonly run: Timed<ReleaseOutcome> & Beside;
  readonly steps: Readonly<Record<string, number>>;
  readonly rerunMs: number;
  readonly rerunIsNew: boolean;
  readonly aggregate: Timed<unknown>;
  readonly update: Timed<unknown> & Beside;
  readonly hotPercent: number;
  readonly faceFen: number;
  readonly peakMb: { readonly database: number; readonly own: number };
}

export const releaseTable = (found: Measured, settings: readonly string[]): BenchTable => ({
  name: 'release',
  machine: `${describeMachine()}, load average ${loadavg()[0]!.toFixed(1)}`,
  settings,
  rows: rowsOf(found),
  verdicts: verdictsOf(found),
});

const ratioTo = ({ aggregate, update }: Measured, ms: number): number =>
  Math.round((ms * 100) / (aggregate.ms + update.ms)) / 100;

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

const row = (name: string, value: number): BenchRow => ({ name, value, unit: 'ms' });

function rowsOf(found: Measured): readonly BenchRow[] {
  const { idle, close, run, aggregate, update, peakMb } = found;
  const beside = Object.entries({ nothing: idle, limit: update, close, release: run });
  return [
    row('load, indexes, vacuum', found.loadMs),
    row('limit: one aggregate over the accounts', aggregate.ms),
    row(`limit: one UPDATE of the same rows (${found.hotPercent}% HOT)`, update.ms),
    { ...row('period close (ratio: to the limit)', close.ms), ratio: ratioTo(found, close.ms) },
    {
      ...row(`release day, ${run.value.accountCount} vouchers (ratio: to the limit)`, run.ms),
      ratio: ratioTo(found, run.ms),
    },
    ...Object.entries(found.steps).map(([name, ms]) => row(`  ${name}`, ms)),
    row('the same day again', found.rerunMs),
    ...beside.map(([name, { p50 }]) => row(`orders beside: ${name}, p50`, tenths(p50))),
    ...beside.map(([name, { p99 }]) => row(`orders beside: ${name}, p99`, tenths(p99))),
    { name: 'peak memory of the database', value: peakMb.database, unit: 'MB' },
    { name: 'peak memory of this process', value: peakMb.own, unit: 'MB' },
  ];
}

function verdictsOf(found: Measured): readonly BenchVerdict[] {
  const { idle, close, run, peakMb } = found;
  const [closeRatio, runRatio] = [ratioTo(found, close.ms), ratioTo(found, run.ms)];
  const memoryMb = peakMb.database + peakMb.own;
  const p99 = Math.max(close.p99, run.p99);
  const outcome = run.value;
  return [
    {
      law: `a release day costs at most ${ratioMax} times the limit`,
      measured: `${runRatio} times`,
      ok: runRatio <= ratioMax,
    },
    {
      law: `a period close costs at most ${ratioMax} times the limit`,
      measured: `${closeRatio} times`,
      ok: closeRatio <= ratioMax,
    },
    {
      law: `database and cloud take at most ${memoryMbMax} MB`,
      measured: `${memoryMb} MB`,
      ok: memoryMb <= memoryMbMax,
    },
    {
      law: `orders beside it: p99 under ${trafficP99MsMax} ms`,
      measured: `${tenths(p99)} ms; beside nothing ${tenths(idle.p99)} ms; ${found.failedBatches} batches failed`,
      ok: p99 < trafficP99MsMax && found.failedBatches === 0,
    },
    {
      law: 'a release day divides its limit to the fen among accounts that compete for it',
      measured: `${found.faceFen} of ${outcome.limitFen} fen in vouchers, theta ${outcome.theta}`,
      ok:
        outcome.releasedFen === outcome.limitFen &&
        found.faceFen === outcome.limitFen &&
        outcome.theta !== '1',
    },
    {
      law: 'the same day again moves nothing',
      measured: `new: ${found.rerunIsNew}`,
      ok: !found.rerunIsNew,
    },
  ];
}
