import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import {
  lockBook,
  pointsConfigAt,
  type VersionedConfig,
} from '#cloud/points/points-config-store.ts';
import { advanceSchedules, rescoreAccounts } from '#cloud/release/advance-schedule.ts';
import { fundFreeFen } from '#cloud/release/fund.ts';
import { readPools, type Pools } from '#cloud/release/pools.ts';
import { sealRecord, type RecordValue } from '#cloud/release/sealed-record.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { basisPoints, type BasisPoints } from '#shared/money/rate.ts';
import { planMultiplier, type ControllerPlan } from '#shared/points/controller.ts';
import { decideGate, type GateDecision, type GateReason } from '#shared/points/gate.ts';
import { baseLotPeriods } from '#shared/points/n-base.ts';
import { addMonths } from '#shared/time/period.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

export interface PeriodClose {
  readonly period: string;
  readonly gateOpen: boolean;
  readonly gateReason: GateReason;
  readonly multBp: BasisPoints;
  readonly budgetFen: Fen;
  /** Periods of lots that become final after this close, before the tier. */
  readonly nBase: number;
  readonly configVersion: number;
  /** What the decision was made of; shown as it is on the disclosure page. */
  readonly explanation: Readonly<Record<string, unknown>>;
  readonly explanationHash: string;
  /** False when the period was closed before and this is the stored answer. */
  readonly isNew: boolean;
}

export interface CloseError {
  /** Periods close one after the other. */
  readonly type: 'period-out-of-order';
  readonly expectedPeriod: string;
}

/**
 * Closes a monthly period (docs/points.md 2.5 and 2.6), once: schedules advance by one slice, scores are taken anew,
 * the gate reads its pools, and the multiplier and the budget of the following month's release window are fixed. A
 * second call answers what is stored. The multiplier is the hard bound; there is no forecast bound, which could only
 * lower it.
 * Errors: period-out-of-order.
 */
export async function closePeriod(
  tx: Tx,
  closing: { readonly operatorId: OperatorId; readonly period: string },
): Promise<Result<PeriodClose, CloseError>> {
  const { operatorId, period } = closing;
  const lastClosedPeriod = await lockBook(tx, operatorId, 'update');
  const stored = await readClose(tx, closing);
  if (stored !== undefined) return ok({ ...stored, isNew: false });
  if (lastClosedPeriod !== undefined && addMonths(lastClosedPeriod, 1) !== period)
    return err({ type: 'period-out-of-order', expectedPeriod: addMonths(lastClosedPeriod, 1) });
  const rules = await pointsConfigAt(tx, closing);
  await advanceSchedules(tx, closing);
  await rescoreAccounts(tx, closing);
  const pools = await readPools(tx, { ...closing, measure: rules.config.gateMeasure });
  const fundFen = await fundFreeFen(tx, operatorId);
  const decision = decide(pools, fundFen, rules);
  await storeClose(tx, { ...closing, rules, pools, fundFen, decision });
  return ok({ ...(await readClose(tx, closing))!, isNew: true });
}

interface Decision {
  readonly gate: GateDecision;
  readonly plan: ControllerPlan;
  readonly budgetFen: Fen;
  readonly nBase: number;
}

function decide(pools: Pools, fundFen: Fen, { config }: VersionedConfig): Decision {
  const gate = decideGate(pools.gate, config);
  const unreleasedPoints = pointFen(pools.coveredPoints);
  const plan = planMultiplier(
    { fundFen, unreleasedPoints, duePoints: pointFen(pools.duePoints) },
    config,
  );
  return {
    gate,
    plan,
    budgetFen: gate.open ? plan.budgetFen : fen(0),
    nBase: baseLotPeriods({ fundFen, unreleasedPoints }, config),
  };
}

async function storeClose(
  tx: Tx,
  close: {
    readonly operatorId: OperatorId;
    readonly period: string;
    readonly rules: VersionedConfig;
    readonly pools: Pools;
    readonly fundFen: Fen;
    readonly decision: Decision;
  },
): Promise<void> {
  const { operatorId, period, pools, decision } = close;
  const { gate, plan, budgetFen, nBase } = decision;
  const { text, hash } = sealRecord(explain(close));
  await tx.execute(sql`
    insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
      unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation, explanation_hash)
    values (${operatorId}, ${period}, ${close.rules.version}, ${gate.open}, ${gate.reason},
      ${pools.gate.outstanding.current}, ${pools.gate.inflow.current}, ${plan.multBp},
      ${budgetFen}, ${nBase}, ${text}::jsonb, ${hash})`);
  await tx.execute(sql`
    update points_book set last_closed_period = ${period} where operator_id = ${operatorId}`);
}

function explain(close: {
  readonly period: string;
  readonly rules: VersionedConfig;
  readonly pools: Pools;
  readonly fundFen: Fen;
  readonly decision: Decision;
}): RecordValue {
  const { gate, plan, budgetFen, nBase } = close.decision;
  const { config } = close.rules;
  const { outstanding, inflow, topMerchantGrowth } = close.pools.gate;
  return {
    period: close.period,
    configVersion: close.rules.version,
    gate: {
      open: gate.open,
      reason: gate.reason,
      measure: gate.measure,
      growthBp: config.gateGrowthBp,
      outstanding: {
        previous: outstanding.previous,
        current: outstanding.current,
        unclaimed: close.pools.unclaimedPoints,
      },
      inflow: {
        previous: inflow.previous,
        previousDays: inflow.previousDays,
        current: inflow.current,
        currentDays: inflow.currentDays,
      },
      topMerchantGrowth,
      formula: 'previous > 0 and current * 10000 >= previous * (10000 + growthBp)',
    },
    multiplier: {
      fundFen: close.fundFen,
      unreleasedPoints: close.pools.coveredPoints,
      duePoints: close.pools.duePoints,
      coverageBp: config.coverageBp,
      rawBp: plan.rawBp,
      multBp: plan.multBp,
      binding: plan.binding,
      budgetFen,
      forecastBound: 'none',
      formula: 'floor((10000 * fund - coverageBp * (unreleased - due)) / due)',
    },
    nBase,
  };
}

/** The stored close of a period, if it is closed. */
export async function readClose(
  db: Db | Tx,
  closing: { readonly operatorId: OperatorId; readonly period: string },
): Promise<Omit<PeriodClose, 'isNew'> | undefined> {
  const { rows } = await db.execute<{
    gate_open: boolean;
    gate_reason: GateReason;
    mult_bp: number;
    budget_fen: number;
    n_base: number;
    config_version: number;
    explanation: Record<string, unknown>;
    explanation_hash: string;
  }>(sql`
    select gate_open, gate_reason, mult_bp, budget_fen, n_base, config_version, explanation,
           explanation_hash
      from period_close
     where operator_id = ${closing.operatorId} and period = ${closing.period}`);
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    period: closing.period,
    gateOpen: row.gate_open,
    gateReason: row.gate_reason,
    multBp: basisPoints(row.mult_bp),
    budgetFen: fen(row.budget_fen),
    nBase: row.n_base,
    configVersion: row.config_version,
    explanation: row.explanation,
    explanationHash: row.explanation_hash,
  };
}
