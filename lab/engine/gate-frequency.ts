import { gateOpenByInflow, gateOpenByOutstanding } from '#shared/points/gate/gate.ts';
import { defaultPointsConfig, type GateMeasure } from '#shared/points/points-config.ts';
import { addDays } from '#shared/time/calendar-day.ts';
import { periodOf, type PeriodKind } from '#shared/time/period.ts';
import type { Random } from '#shared/time/random.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';

/** How often the gate opens on days as they are: weekends, holidays, and 5% of luck each day. */
export interface GateFrequency {
  /** Part of all closes, as a mean of the runs. */
  readonly openShare: number;
  /** Closes between two openings, the most of any run. */
  readonly longestGap: number;
  /** The last close that was open, the mean of the runs; 0: none. */
  readonly lastOpen: number;
}

export interface FrequencyInput {
  /** Growth per month of thirty days, 0.05 for 5%. */
  readonly growth: number;
  readonly kind: PeriodKind;
  readonly measure: GateMeasure;
  readonly months: number;
  readonly runs: number;
}

const firstDay = '2027-01-01';
const pointsOfFirstDay = 1_000_000;
const daysPerMonthMean = 30.4375;
/** 2027-01-01 is a Friday: days 1 and 2 from it are a weekend. */
const isWeekend = (index: number): boolean => index % 7 === 1 || index % 7 === 2;
const weekendFactor = 1.35;
const luck = 0.05;

/** Month-day spans of a shopping year, and how trade goes in them. The spring festival moves; here it does not. */
const seasons: readonly (readonly [from: string, to: string, factor: number])[] = [
  ['01-21', '02-04', 1.3],
  ['02-05', '02-20', 0.6],
  ['05-01', '05-05', 1.4],
  ['10-01', '10-10', 1.8],
];

/** Nothing is ever released here: the most generous case for the gate that reads the stock. */
export function gateFrequency(input: FrequencyInput): GateFrequency {
  const runs = Array.from({ length: input.runs }, (_, index) => oneRun(input, index + 1));
  const mean = (of: (run: readonly boolean[]) => number): number =>
    runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  return {
    openShare: mean((run) => run.filter(Boolean).length / run.length),
    longestGap: Math.max(...runs.map(longestGapOf)),
    lastOpen: mean((run) => run.lastIndexOf(true) + 1),
  };
}

function oneRun(input: FrequencyInput, seed: number): readonly boolean[] {
  const periods = inflowByPeriod(input, createSeededRandom(seed));
  let stock = 0n;
  return periods.map(({ points, days }, index) => {
    const before = periods[index - 1];
    const previous = stock;
    stock += points;
    if (input.measure === 'outstanding')
      return gateOpenByOutstanding({ previous, current: stock }, defaultPointsConfig);
    return gateOpenByInflow(
      {
        previous: before?.points ?? 0n,
        previousDays: before?.days ?? days,
        current: points,
        currentDays: days,
      },
      defaultPointsConfig,
    );
  });
}

/** Whole periods only: what begins before the last day ends is left out. */
function inflowByPeriod(
  { growth, kind, months }: FrequencyInput,
  random: Random,
): readonly { readonly points: bigint; readonly days: number }[] {
  const byPeriod = new Map<string, { points: bigint; days: number }>();
  const days = Math.round(months * daysPerMonthMean);
  for (let index = 0; index < days; index += 1) {
    const day = addDays(firstDay, index);
    const name = periodOf(day, kind);
    const period = byPeriod.get(name) ?? { points: 0n, days: 0 };
    const trend = (1 + growth) ** (index / daysPerMonthMean);
    const factor = dayFactor(day, index) * (1 + luck * (2 * random.unit() - 1));
    period.points += BigInt(Math.round(pointsOfFirstDay * trend * factor));
    period.days += 1;
    byPeriod.set(name, period);
  }
  return [...byPeriod.values()];
}

function dayFactor(day: string, index: number): number {
  const date = day.slice(5);
  const season = seasons.find(([from, to]) => date >= from && date <= to);
  return (isWeekend(index) ? weekendFactor : 1) * (season?.[2] ?? 1);
}

function longestGapOf(run: readonly boolean[]): number {
  let [gap, longest] = [0, 0];
  for (const open of run) {
    gap = open ? 0 : gap + 1;
    longest = Math.max(longest, gap);
  }
  return longest;
}
