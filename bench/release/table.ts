import { loadavg } from 'node:os';
import type { ReleaseOutcome } from '#cloud/release/release-day.ts';
import type { BenchRow, BenchTable, BenchVerdict } from '../bench-table.ts';
import { describeMachine } from '../machine.ts';

const ratioMax = 3;
const memoryMbMax = 4_096;
const trafficP99MsMax = 50;
/** One, and what two runs of the same size differ by: what ours grows by per account, beside what the limit does. */
const growthMax = 1.1;

export interface Timed<T> {
  readonly value: T;
  readonly ms: number;
}

/** What orders that were booked at the same time took, milliseconds, and what the server spent on both. */
export interface Beside {
  readonly p50: number;
  readonly p99: number;
  readonly processorMs: number;
  readonly walMb: number;
}

/** All that the bench measured; times in milliseconds. */
export interface Measured {
  readonly accountsCount: number;
  readonly loadMs: number;
  /** Batches of orders that could not be booked at all. */
  readonly failedBatches: number;
  readonly idle: Beside;
  readonly close: Timed<unknown> & Beside;
  readonly run: Timed<ReleaseOutcome> & Beside;
  readonly closeSteps: Readonly<Record<string, number>>;
  readonly steps: Readonly<Record<string, number>>;
  readonly rerunMs: number;
  readonly rerunIsNew: boolean;
  readonly aggregate: Timed<unknown> & Beside;
  readonly update: Timed<unknown> & Beside;
  readonly hotPercent: number;
  readonly faceFen: number;
  readonly peakMb: { readonly database: number; readonly own: number };
}

/** The table of the largest size; the others say how the cost grows. Sizes rising. */
export const releaseTable = (
  sizes: readonly Measured[],
  settings: readonly string[],
): BenchTable => {
  const found = sizes.at(-1)!;
  const growth = sizes.length > 1 ? growthOf(sizes) : { rows: [], verdicts: [] };
  return {
    name: 'release',
    machine: `${describeMachine()}, load average ${loadavg()[0]!.toFixed(1)}`,
    settings,
    rows: [...rowsOf(found), ...growth.rows],
    verdicts: [...verdictsOf(found), ...growth.verdicts],
  };
};

/** Nanoseconds: whole numbers that still tell small costs apart. */
const perAccount = ({ accountsCount }: Measured, ms: number): number =>
  Math.round((ms * 1_000_000) / accountsCount);

function growthOf(sizes: readonly Measured[]): Pick<BenchTable, 'rows' | 'verdicts'> {
  const kinds = { limit: limitMs, close: closeMs, release: releaseMs } as const;
  const rows = Object.entries(kinds).flatMap(([name, msOf]) =>
    sizes.map((found) => ({
      name: `${name} per account, of ${found.accountsCount.toLocaleString('en')}`,
      value: perAccount(found, msOf(found)),
      unit: 'ns',
    })),
  );
  const [first, last] = [sizes[0]!, sizes.at(-1)!];
  const verdicts = Object.entries({ close: closeMs, release: releaseMs }).map(([name, msOf]) => {
    const timesOf = (of: (found: Measured) => number) =>
      perAccount(last, of(last)) / perAccount(first, of(first));
    const [times, limitTimes] = [timesOf(msOf), timesOf(limitMs)];
    return {
      law: `a ${name} grows at most linearly: per account at most ${growthMax} times what the limit grows by`,
      measured:
        `${times.toFixed(2)} times from ${first.accountsCount} to ${last.accountsCount} accounts, ` +
        `the limit ${limitTimes.toFixed(2)} times: ${(times / limitTimes).toFixed(2)}`,
      ok: times <= growthMax * limitTimes,
    };
  });
  return { rows, verdicts };
}

const limitMs = ({ aggregate, update }: Measured): number => aggregate.ms + update.ms;
const closeMs = ({ close }: Measured): number => close.ms;
const releaseMs = ({ run }: Measured): number => run.ms;

const ratioTo = (found: Measured, ms: number): number =>
  Math.round((ms * 100) / limitMs(found)) / 100;

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
    ...Object.entries(found.closeSteps).map(([name, ms]) => row(`  ${name}`, ms)),
    {
      ...row(`release day, ${run.value.accountCount} vouchers (ratio: to the limit)`, run.ms),
      ratio: ratioTo(found, run.ms),
    },
    ...Object.entries(found.steps).map(([name, ms]) => row(`  ${name}`, ms)),
    row('the same day again', found.rerunMs),
    ...beside.map(([name, { p50 }]) => row(`orders beside: ${name}, p50`, tenths(p50))),
    ...beside.map(([name, { p99 }]) => row(`orders beside: ${name}, p99`, tenths(p99))),
    ...beside.map(([name, { processorMs }]) =>
      row(`processor of the database, orders too: ${name}`, processorMs),
    ),
    ...beside.map(([name, { walMb }]) => ({
      name: `log written, orders too: ${name}`,
      value: walMb,
      unit: 'MB',
    })),
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
