import { fen, type Fen } from '#shared/money/fen.ts';
import { wholeBp } from '#shared/money/rate.ts';
import { planMultiplier, type ControllerPlan } from '#shared/points/close/controller.ts';
import {
  forecastInflow,
  type InflowForecast,
  type PeriodInflow,
} from '#shared/points/close/forecast.ts';
import { forecastBoundBp } from '#shared/points/close/forecast-bound.ts';
import { decideGate, type GateDecision, type GateInput } from '#shared/points/gate/gate.ts';
import { baseLotPeriods } from '#shared/points/issue/n-base.ts';
import type { PointFen } from '#shared/points/point-fen.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import {
  stockGateOutlook,
  stockGatePeriodsMax,
  type StockGateOutlook,
} from '#shared/points/gate/stock-gate.ts';
import { addPeriods, periodKindOf, periodSpan, seasonLengthOf } from '#shared/time/period.ts';

/** Everything that a close reads before it decides (docs/points.md 2.6). */
export interface CloseInput {
  /** The period that closes. */
  readonly period: string;
  readonly gate: GateInput;
  /** F. */
  readonly fundFen: Fen;
  /** X: unreleased points of members, those that wait for a claim included. */
  readonly unreleasedPoints: PointFen;
  /** D: positive dues of active accounts. */
  readonly duePoints: PointFen;
  /** What all running lots together give per close, rounded up. */
  readonly activePoints: PointFen;
  /** Concession that became final in each closed period and this one, oldest first. */
  readonly history: readonly PeriodInflow[];
}

export interface ClosePlan {
  readonly gate: GateDecision;
  readonly controller: ControllerPlan;
  /** What the period's window may release: the controller's budget, 0 when the gate is closed (I6). */
  readonly budgetFen: Fen;
  /** Periods of lots that begin after this close, before the tier. */
  readonly nBase: number;
  readonly forecastBp: bigint | undefined;
  readonly forecast: InflowForecast | undefined;
  readonly stockGate: StockGateOutlook;
}

/** The whole decision of a close: gate, forecast, multiplier, budget and the periods of new lots. Pure. */
export function planClose(input: CloseInput, config: PointsConfig): ClosePlan {
  const gate = decideGate(input.gate, config);
  const nBase = baseLotPeriods(input, config);
  const forecast = forecastInflow({
    history: input.history,
    comingDays: comingDays(input.period),
    seasonLength: seasonLengthOf(periodKindOf(input.period)),
  });
  const scheduledPoints = scheduleAhead(input);
  const forecastBp =
    forecast === undefined
      ? undefined
      : forecastBoundBp({ ...input, scheduledPoints, nBase, concessionPath: forecast.low }, config);
  const controller = planMultiplier({ ...input, forecastBp }, config);
  const points = 1 + config.referralBp / wholeBp;
  const stockGate = stockGateOutlook(
    {
      isOpenNow: gate.readings.outstanding.open,
      outstandingPoints: Number(input.gate.outstanding.current),
      duePoints: input.duePoints,
      scheduledPoints,
      inflowPath: forecast?.mean.map((concession) => concession * points),
      nBase,
    },
    config,
  );
  const budgetFen = gate.open ? controller.budgetFen : fen(0);
  return { gate, controller, budgetFen, nBase, forecastBp, forecast, stockGate };
}

function comingDays(period: string): readonly number[] {
  return Array.from(
    { length: stockGatePeriodsMax },
    (_, step) => periodSpan(addPeriods(period, step + 1)).days,
  );
}

/**
 * What the running lots give at the coming closes, without asking each lot when it ends: the
 * present slice until everything that is not yet due has been given. Early closes get a little too
 * much of it, so the bound is not too high.
 */
function scheduleAhead(input: CloseInput): readonly number[] {
  const notYetDue = input.unreleasedPoints - input.duePoints;
  return Array.from({ length: stockGatePeriodsMax }, (_, step) =>
    Math.max(0, Math.min(input.activePoints, notYetDue - step * input.activePoints)),
  );
}
