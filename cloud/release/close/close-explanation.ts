import type { VersionedConfig } from '#cloud/points/points-config-store.ts';
import type { Pools } from '#cloud/release/close/pools.ts';
import type { RecordValue } from '#cloud/release/sealed-record.ts';
import { fen } from '#shared/money/fen.ts';
import type { CloseInput, ClosePlan } from '#shared/points/close/close-plan.ts';
import {
  formulaWords,
  gateMeasureWords,
  gateReasonWords,
  planBindingWords,
} from '#shared/points/words/explanation-words.ts';
import type { PeriodInflow } from '#shared/points/close/forecast.ts';
import type { GateReading } from '#shared/points/gate/gate.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { presetOf } from '#shared/points/policy/preset.ts';
import { addPeriods } from '#shared/time/period.ts';

interface Explained {
  readonly rules: VersionedConfig;
  readonly pools: Pick<
    Pools,
    'unclaimedPoints' | 'laterPoints' | 'heldPoints' | 'claimReferralPoints'
  >;
  readonly input: CloseInput;
  readonly plan: ClosePlan;
}

/**
 * What a close decided and of what it was made: inputs, formulas in words, what was binding. It is sealed and stored;
 * {@link closeInputOf} reads the inputs back, so that anybody can compute the close again.
 */
export function explainClose(close: Explained): RecordValue {
  const { input, plan } = close;
  const { config, version } = close.rules;
  const { controller } = plan;
  return {
    period: input.period,
    configVersion: version,
    preset: presetOf(config),
    gate: explainGate(close),
    multiplier: {
      fundFen: input.fundFen,
      unreleasedPoints: input.unreleasedPoints,
      heldPoints: close.pools.heldPoints,
      claimReferralPoints: close.pools.claimReferralPoints,
      duePoints: input.duePoints,
      activePoints: input.activePoints,
      coverageBp: config.coverageBp,
      rawBp: controller.rawBp,
      forecastBp: plan.forecastBp ?? null,
      multBp: controller.multBp,
      minBp: config.multMinBp,
      maxBp: config.multMaxBp,
      binding: controller.binding,
      budgetFen: plan.budgetFen,
      words: planBindingWords[controller.binding],
      formula: formulaWords.multiplier,
      budgetFormula: formulaWords.budget,
    },
    forecast: explainForecast(close),
    stockGate: explainStockGate(close),
    nBase: plan.nBase,
    nBaseFormula: formulaWords.nBase,
  };
}

function explainGate({ input, plan, rules, pools }: Explained): RecordValue {
  const { gate } = plan;
  const { outstanding, inflow } = input.gate;
  return {
    open: gate.open,
    reason: gate.reason,
    measure: gate.measure,
    measureWords: gateMeasureWords[gate.measure],
    growthBp: rules.config.gateGrowthBp,
    outstanding: {
      ...readingOf(gate.readings.outstanding),
      unclaimed: pools.unclaimedPoints,
      enteredLater: pools.laterPoints,
      topMerchantGrowth: outstanding.topMerchantGrowth,
    },
    inflow: {
      ...readingOf(gate.readings.period_inflow),
      previousDays: inflow.previousDays,
      currentDays: inflow.currentDays,
      topMerchantGrowth: inflow.topMerchantGrowth,
    },
    words: gateReasonWords[gate.reason],
    formula: formulaWords.gate,
  };
}

const readingOf = (reading: GateReading): Readonly<Record<string, RecordValue>> => ({
  open: reading.open,
  reason: reading.reason,
  previous: reading.previous,
  current: reading.current,
  growthBp: reading.growthBp ?? null,
});

/** A double in parts of 10,000. */
const inBp = (part: number): number => Math.floor(part * 10_000);

/** Doubles are told as whole numbers: points of the coming periods, and the fit in parts of 10,000. */
function explainForecast({ input, plan, rules }: Explained): RecordValue {
  const { forecast } = plan;
  const { plannerHorizon } = rules.config;
  const periods = input.history.length;
  if (forecast === undefined) return { periods, horizon: plannerHorizon, fit: null };
  const path = (values: readonly number[]) => values.slice(0, plannerHorizon - 1).map(Math.floor);
  return {
    periods,
    horizon: plannerHorizon,
    fit: {
      phiBp: inBp(forecast.phi),
      alphaBp: inBp(forecast.alpha),
      betaBp: inBp(forecast.beta),
      sigmaBp: inBp(forecast.sigma),
    },
    concessionMean: path(forecast.mean),
    concessionLow: path(forecast.low),
    formula: 'min over h of (F + f*sum C_<h - kappa*(X + (1+r)*sum C_<h - sum D_<=h)) / sum D_<=h',
  };
}

/** In which period the gate that reads the stock will be open for the last time, if all goes as foreseen. */
function explainStockGate({ input, plan }: Explained): RecordValue {
  const { stockGate } = plan;
  return stockGate.type === 'closes-after'
    ? { type: stockGate.type, lastOpenPeriod: addPeriods(input.period, stockGate.periodsAhead) }
    : { type: stockGate.type };
}

interface StoredPool {
  readonly previous: string;
  readonly current: string;
  readonly topMerchantGrowth: string;
}
interface StoredExplanation {
  readonly period: string;
  readonly gate: {
    readonly outstanding: StoredPool;
    readonly inflow: StoredPool & { readonly previousDays: number; readonly currentDays: number };
  };
  readonly multiplier: {
    readonly fundFen: number;
    readonly unreleasedPoints: number;
    readonly duePoints: number;
    readonly activePoints: number;
  };
}

const poolOf = (pool: StoredPool) => ({
  previous: BigInt(pool.previous),
  current: BigInt(pool.current),
  topMerchantGrowth: BigInt(pool.topMerchantGrowth),
});

/** The inputs of a stored close. `history` is that of the closes up to it. */
export function closeInputOf(
  explanation: Readonly<Record<string, unknown>>,
  history: readonly PeriodInflow[],
): CloseInput {
  // Written by explainClose and sealed: of this form.
  const { period, gate, multiplier } = explanation as unknown as StoredExplanation;
  const { previousDays, currentDays } = gate.inflow;
  return {
    period,
    gate: {
      outstanding: poolOf(gate.outstanding),
      inflow: { ...poolOf(gate.inflow), previousDays, currentDays },
    },
    fundFen: fen(multiplier.fundFen),
    unreleasedPoints: pointFen(multiplier.unreleasedPoints),
    duePoints: pointFen(multiplier.duePoints),
    activePoints: pointFen(multiplier.activePoints),
    history,
  };
}
