import { assert } from '#shared/result/assert.ts';

/**
 * A damped Holt forecast of what enters per period (docs/points.md 2.6). The only place of the points rules that
 * computes with doubles, and with +, -, *, / and sqrt alone, which IEEE 754 rounds alike everywhere: the same history
 * gives the same path on every machine. Its result is truncated to basis points and may only lower a multiplier.
 * Method: Gardner and McKenzie 1985, https://doi.org/10.1287/mnsc.31.10.1237
 */

/** What entered in one period. */
export interface PeriodInflow {
  readonly points: number;
  /** Days of the period; 1 or more. */
  readonly days: number;
}

export interface InflowForecast {
  /** The parameters that fitted best; ties go to the first of the grid. */
  readonly phi: number;
  readonly alpha: number;
  readonly beta: number;
  /** Root of the mean squared relative one-step error. */
  readonly sigma: number;
  /** Expected points of the coming periods, each 0 or more. */
  readonly mean: readonly number[];
  /** The 25th percentile of the same: three times out of four more enters. */
  readonly low: readonly number[];
}

/** Fewer periods than this say nothing about the next one. */
export const forecastPeriodsMin = 4;
/** Older periods do not count. */
export const historyPeriodsMax = 120;

const phis = [0.8, 0.9, 0.98];
const alphas = [0.3, 0.6, 0.9];
const betas = [0.1, 0.3, 0.6];
/** The 25th percentile of a normal distribution lies this many deviations under its mean. */
const quartileDeviations = 0.674;
const sigmaMax = 0.5;

/**
 * Forecasts one value per entry of `comingDays` (its days). Values are compared per day, so that a longer period is no
 * growth. `seasonLength` periods make a year (12 for months); 0: no index. The index is used when there are two years.
 * Undefined: fewer than {@link forecastPeriodsMin} periods, or nothing ever entered.
 */
export function forecastInflow(input: {
  /** Oldest first. */
  readonly history: readonly PeriodInflow[];
  readonly comingDays: readonly number[];
  readonly seasonLength: number;
}): InflowForecast | undefined {
  const history = input.history.slice(-historyPeriodsMax);
  const perDay = history.map(({ points, days }) => {
    assert(points >= 0 && days >= 1, () => `${points} points in ${days} days`);
    return points / days;
  });
  if (perDay.length < forecastPeriodsMin || perDay.every((value) => value === 0)) return undefined;
  const index = seasonIndex(perDay, input.seasonLength);
  const plain = perDay.map((value, at) => value / seasonAt(index, at));
  const fit = bestFit(plain);
  const spread = Math.min(fit.sigma, sigmaMax);
  const mean: number[] = [];
  const low: number[] = [];
  let [damping, trend] = [1, 0];
  for (const [step, days] of input.comingDays.entries()) {
    damping *= fit.phi;
    trend += damping * fit.trend;
    const season = seasonAt(index, perDay.length + step);
    const value = Math.max(0, (fit.level + trend) * season * days);
    mean.push(value);
    low.push(value * Math.max(0, 1 - quartileDeviations * spread * Math.sqrt(step + 1)));
  }
  const { phi, alpha, beta, sigma } = fit;
  return { phi, alpha, beta, sigma, mean, low };
}

interface Fit {
  readonly phi: number;
  readonly alpha: number;
  readonly beta: number;
  readonly sigma: number;
  readonly level: number;
  readonly trend: number;
}

function bestFit(values: readonly number[]): Fit {
  const fits = phis.flatMap((phi) =>
    alphas.flatMap((alpha) => betas.map((beta) => smooth(values, { phi, alpha, beta }))),
  );
  return fits.reduce((best, fit) => (fit.sigma < best.sigma ? fit : best));
}

/** Runs the recursion over the values; the first two begin level and trend, the others are foretold one by one. */
function smooth(
  values: readonly number[],
  grid: { readonly phi: number; readonly alpha: number; readonly beta: number },
): Fit {
  const { phi, alpha, beta } = grid;
  let level = values[1]!;
  let trend = values[1]! - values[0]!;
  let squares = 0;
  for (const value of values.slice(2)) {
    const foretold = level + phi * trend;
    // A period in which nothing entered is wholly missed; a foretold value under zero cannot divide.
    const scale = Math.max(value, foretold, 1e-9);
    const error = (value - foretold) / scale;
    squares += error * error;
    const before = level;
    level = alpha * value + (1 - alpha) * foretold;
    trend = beta * (level - before) + (1 - beta) * phi * trend;
  }
  return { ...grid, sigma: Math.sqrt(squares / (values.length - 2)), level, trend };
}

const seasonAt = (index: readonly number[], at: number): number =>
  index.length === 0 ? 1 : index[at % index.length]!;

/**
 * Multiplicative index by place in the season, by the ratio to the moving average over one season; its mean is 1.
 * Two whole seasons are needed, and something in each place: otherwise there is no index.
 */
function seasonIndex(values: readonly number[], length: number): readonly number[] {
  if (length < 2 || values.length < 2 * length) return [];
  const sums = Array.from({ length }, () => ({ ratio: 0, count: 0 }));
  const half = Math.floor(length / 2);
  for (let at = half; at + half < values.length; at += 1) {
    const average = movingAverage(values, at, length);
    if (average <= 0) continue;
    const place = sums[at % length]!;
    place.ratio += values[at]! / average;
    place.count += 1;
  }
  const index = sums.map(({ ratio, count }) => (count === 0 ? 0 : ratio / count));
  if (index.some((value) => value <= 0)) return [];
  const mean = index.reduce((sum, value) => sum + value, 0) / length;
  return index.map((value) => value / mean);
}

/** Centred; with an even length the two ends count half. */
function movingAverage(values: readonly number[], at: number, length: number): number {
  const half = Math.floor(length / 2);
  let sum = 0;
  for (let step = -half; step <= half; step += 1) {
    const isHalf = length % 2 === 0 && (step === -half || step === half);
    sum += values[at + step]! * (isHalf ? 0.5 : 1);
  }
  return sum / length;
}
