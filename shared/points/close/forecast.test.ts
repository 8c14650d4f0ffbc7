import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { planClose, type CloseInput } from '#shared/points/close/close-plan.ts';
import { planMultiplier } from '#shared/points/close/controller.ts';
import {
  forecastInflow,
  historyPeriodsMax,
  type PeriodInflow,
} from '#shared/points/close/forecast.ts';
import { forecastBoundBp } from '#shared/points/close/forecast-bound.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { defaultPointsConfig as config, type PointsConfig } from '#shared/points/points-config.ts';
import {
  presetEarliestDay,
  presetNames,
  presetOf,
  withPreset,
} from '#shared/points/policy/preset.ts';
import vectors from '../vectors/forecast-vectors.json' with { type: 'json' };

const inflows = (values: readonly (readonly number[])[]): readonly PeriodInflow[] =>
  values.map(([points, days]) => ({ points: points!, days: days! }));

describe('forecast vectors of an independent program', () => {
  it.each(vectors.vectors)('$name', (row) => {
    const forecast = forecastInflow({ ...row, history: inflows(row.history) });
    if (row.forecast === null) return expect(forecast).toBeUndefined();
    const { phi, alpha, beta, sigma, mean, low } = row.forecast;
    expect(forecast).toMatchObject({ phi, alpha, beta });
    expect(forecast!.sigma).toBeCloseTo(sigma, 9);
    for (const [step, value] of mean.entries()) {
      expect(Math.abs(forecast!.mean[step]! - value)).toBeLessThan(1e-6 * value + 1e-6);
      expect(Math.abs(forecast!.low[step]! - low[step]!)).toBeLessThan(1e-6 * value + 1e-6);
    }
    const horizon = row.horizon;
    const bound = forecastBoundBp(
      {
        fundFen: fen(horizon.fundFen),
        unreleasedPoints: pointFen(horizon.unreleasedPoints),
        duePoints: pointFen(horizon.duePoints),
        scheduledPoints: horizon.scheduledPoints,
        concessionPath: forecast!.low,
        nBase: horizon.nBase,
      },
      config,
    );
    expect(Number(bound)).toBe(row.boundBp);
    return undefined;
  });
});

const amount = fc.integer({ min: 0, max: 50_000_000 });
const history = fc.array(fc.record({ points: amount, days: fc.integer({ min: 1, max: 31 }) }), {
  maxLength: 40,
});

const closing = fc
  .record({ history, fund: amount, unreleased: amount, due: amount, active: amount, stock: amount })
  .map((raw): CloseInput => ({
    period: '2026-10',
    gate: {
      outstanding: {
        previous: BigInt(raw.stock),
        current: BigInt(raw.unreleased),
        topMerchantGrowth: 0n,
      },
      inflow: {
        previous: 1n,
        previousDays: 30,
        current: 2n,
        currentDays: 31,
        topMerchantGrowth: 0n,
      },
    },
    fundFen: fen(raw.fund),
    unreleasedPoints: pointFen(raw.unreleased),
    duePoints: pointFen(Math.min(raw.due, raw.unreleased)),
    activePoints: pointFen(raw.active),
    history: raw.history,
  }));

/** The same inflow in so many periods. */
const flat = (count: number) => Array.from({ length: count }, () => ({ points: 5, days: 30 }));
const one = (plannerHorizon: number): PointsConfig => ({ ...config, plannerHorizon });
const askMonths = (values: readonly PeriodInflow[]) =>
  forecastInflow({ history: values, comingDays: [31, 30], seasonLength: 12 });

/** A close after so many periods of growing trade of which nothing was released yet. */
const steady = (growth: number, periods: number) => {
  const past = Array.from({ length: periods }, (_, at) => ({
    points: Math.floor(1_000_000 * (1 + growth) ** at),
    days: 30,
  }));
  const stock = past.reduce((sum, { points }) => sum + points, 0);
  return planClose(
    {
      period: '2026-10',
      gate: {
        outstanding: {
          previous: BigInt(stock - past.at(-1)!.points),
          current: BigInt(stock),
          topMerchantGrowth: 0n,
        },
        inflow: {
          previous: 1n,
          previousDays: 30,
          current: 1n,
          currentDays: 31,
          topMerchantGrowth: 0n,
        },
      },
      fundFen: fen(Math.floor(stock * 0.6)),
      unreleasedPoints: pointFen(stock),
      duePoints: pointFen(0),
      activePoints: pointFen(Math.floor(stock / 40)),
      history: past,
    },
    config,
  );
};

describe('the forecast bound', () => {
  it('never raises a multiplier or a budget, whatever the history says, and keeps coverage (I2)', () => {
    let lowered = 0;
    fc.assert(
      fc.property(closing, (input) => {
        const plan = planClose(input, config);
        const hard = planMultiplier({ ...input, forecastBp: undefined }, config);
        expect(plan.controller.multBp).toBeLessThanOrEqual(hard.multBp);
        expect(plan.controller.budgetFen).toBeLessThanOrEqual(hard.budgetFen);
        expect(plan.controller.rawBp).toBe(hard.rawBp);
        if (plan.controller.multBp < hard.multBp) lowered += 1;
        const { budgetFen, multBp } = plan.controller;
        const used = Math.min(input.duePoints, Math.ceil((budgetFen * 10_000) / multBp));
        const slack = (input.fundFen - budgetFen) * 10_000 - 3000 * (input.unreleasedPoints - used);
        if (budgetFen > 0) expect(slack).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 3000 },
    );
    expect(lowered).toBeGreaterThan(50);
  });

  it('says nothing under four periods, when nothing ever entered, and at a horizon of one', () => {
    expect([askMonths(flat(3)), askMonths(flat(4)) !== undefined]).toEqual([undefined, true]);
    const input = {
      fundFen: fen(100),
      unreleasedPoints: pointFen(100),
      duePoints: pointFen(10),
      scheduledPoints: [10],
      concessionPath: [5],
      nBase: 40,
    };
    expect(forecastBoundBp(input, one(1))).toBeUndefined();
    expect(forecastBoundBp(input, one(2))).toBeDefined();
  });

  it('falls when the horizon grows: the least over more periods is no larger', () => {
    fc.assert(
      fc.property(
        amount,
        amount,
        fc.array(amount, { minLength: 23, maxLength: 23 }),
        fc.integer({ min: 2, max: 23 }),
        (fund, due, concessionPath, plannerHorizon) => {
          const input = {
            fundFen: fen(fund),
            unreleasedPoints: pointFen(100_000_000),
            duePoints: pointFen(due + 1),
            scheduledPoints: [],
            concessionPath,
            nBase: 40,
          };
          const at = (h: number) => forecastBoundBp(input, { ...config, plannerHorizon: h })!;
          expect(at(plannerHorizon + 1)).toBeLessThanOrEqual(at(plannerHorizon));
        },
      ),
    );
  });

  it('is the same for the same history, and forgets what is older than its window', () => {
    const long = Array.from({ length: historyPeriodsMax + 24 }, (_, at) => ({
      points: 1000 + ((at * 7919) % 500),
      days: 30,
    }));
    expect(askMonths(long)).toEqual(askMonths(long.slice(-historyPeriodsMax)));
    expect(askMonths(long)!.low[0]).toBeLessThan(askMonths(long)!.mean[0]!);
  });
});

describe('the outlook of the stock gate', () => {
  it('foretells on flat trade that the seventh close is the last open one, and that an old stock never opens', () => {
    // The seventh close compares about 7 with 6 (17% with what was released); the eighth needs 15% and finds less.
    expect(steady(0, 5).stockGate).toEqual({ type: 'closes-after', periodsAhead: 2 });
    expect(steady(0, 20).stockGate).toEqual({ type: 'stays-closed' });
  });

  it('knows nothing without a history', () => {
    expect(steady(0, 3).stockGate).toEqual({ type: 'unknown' });
  });

  it('shows both readings whichever of them decides', () => {
    const plan = steady(0, 5);
    expect(plan.gate.measure).toBe('outstanding');
    expect(plan.gate.readings.period_inflow.reason).toBe('growth-below-threshold');
    // 31 days with as many points as 30 days before: less per day.
    expect(plan.gate.readings.period_inflow.growthBp).toBe(-323n);
  });
});

describe('presets', () => {
  it('differ in what the gate reads, and a switch is announced 30 days before', () => {
    expect(presetOf(config)).toBe('seed');
    for (const name of presetNames) expect(presetOf(withPreset(config, name))).toBe(name);
    expect(presetEarliestDay('2026-02-01')).toBe('2026-03-03');
  });
});
