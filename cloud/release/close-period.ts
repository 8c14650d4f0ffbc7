import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import {
  lockBook,
  pointsConfigAt,
  type VersionedConfig,
} from '#cloud/points/points-config-store.ts';
import { advanceSchedules } from '#cloud/release/advance-schedule.ts';
import { fundFreeFen } from '#cloud/release/fund.ts';
import { readInflowHistory, readPools, type Pools } from '#cloud/release/pools.ts';
import { explainClose } from '#cloud/release/close-explanation.ts';
import { sealRecord } from '#cloud/release/sealed-record.ts';
import { rescoreTiers } from '#cloud/tiers/rescore-tiers.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { basisPoints, type BasisPoints } from '#shared/money/rate.ts';
import { planClose, type CloseInput, type ClosePlan } from '#shared/points/close-plan.ts';
import type { GateReason } from '#shared/points/gate.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { addPeriods, periodKindOf, periodSpan, type PeriodKind } from '#shared/time/period.ts';
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

export type CloseError =
  /** Periods close one after the other. */
  | { readonly type: 'period-out-of-order'; readonly expectedPeriod: string }
  /** The operator's periods are of another length. */
  | { readonly type: 'period-kind-differs'; readonly kind: PeriodKind };

/**
 * Closes a period (docs/points.md 2.5 and 2.6), once: schedules advance by one slice, scores are taken anew, the gate
 * reads its pools, and the multiplier and the budget of the following period's release window are fixed. A second call
 * answers what is stored.
 * Errors in this order: period-kind-differs, period-out-of-order.
 */
export async function closePeriod(
  tx: Tx,
  closing: { readonly operatorId: OperatorId; readonly period: string },
): Promise<Result<PeriodClose, CloseError>> {
  const { operatorId, period } = closing;
  const lastClosedPeriod = await lockBook(tx, operatorId, 'update');
  const stored = await readClose(tx, closing);
  if (stored !== undefined) return ok({ ...stored, isNew: false });
  const rules = await pointsConfigAt(tx, closing);
  const kind = rules.config.periodKind;
  if (periodKindOf(period) !== kind) return err({ type: 'period-kind-differs', kind });
  const expectedPeriod = lastClosedPeriod === undefined ? period : addPeriods(lastClosedPeriod, 1);
  if (expectedPeriod !== period) return err({ type: 'period-out-of-order', expectedPeriod });
  await advanceSchedules(tx, closing);
  await rescoreTiers(tx, { ...closing, config: rules.config });
  const pools = await readPools(tx, closing);
  const { days } = periodSpan(period);
  const input = {
    period,
    gate: pools.gate,
    fundFen: await fundFreeFen(tx, operatorId),
    unreleasedPoints: pointFen(pools.coveredPoints),
    duePoints: pointFen(pools.duePoints),
    activePoints: pools.activePoints,
    history: [...(await readInflowHistory(tx, closing)), { points: pools.concessionPoints, days }],
  };
  const plan = planClose(input, rules.config);
  await storeClose(tx, { operatorId, rules, pools, input, plan });
  return ok({ ...(await readClose(tx, closing))!, isNew: true });
}

interface PlannedClose {
  readonly operatorId: OperatorId;
  readonly rules: VersionedConfig;
  readonly pools: Pools;
  readonly input: CloseInput;
  readonly plan: ClosePlan;
}

async function storeClose(tx: Tx, close: PlannedClose): Promise<void> {
  const { operatorId, pools, plan } = close;
  const { period } = close.input;
  const { text, hash } = sealRecord(
    explainClose({ ...close, unclaimedPoints: pools.unclaimedPoints }),
  );
  await tx.execute(sql`
    insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
      unreleased_points, inflow_points, concession_points, mult_bp, budget_fen, n_base,
      explanation, explanation_hash)
    values (${operatorId}, ${period}, ${close.rules.version}, ${plan.gate.open}, ${plan.gate.reason},
      ${pools.gate.outstanding.current}, ${pools.gate.inflow.current}, ${pools.concessionPoints},
      ${plan.controller.multBp}, ${plan.budgetFen}, ${plan.nBase}, ${text}::jsonb, ${hash})`);
  await tx.execute(sql`
    update points_book set last_closed_period = ${period} where operator_id = ${operatorId}`);
}

interface CloseRow extends Record<string, unknown> {
  readonly period: string;
  readonly gate_open: boolean;
  readonly gate_reason: GateReason;
  readonly mult_bp: number;
  readonly budget_fen: number;
  readonly n_base: number;
  readonly config_version: number;
  readonly explanation: Record<string, unknown>;
  readonly explanation_hash: string;
}

/** A close as it is stored. */
export type StoredClose = Omit<PeriodClose, 'isNew'>;

const closeColumns = sql`period, gate_open, gate_reason, mult_bp, budget_fen, n_base,
  config_version, explanation, explanation_hash`;

/** The stored close of a period, if it is closed. */
export async function readClose(
  db: Db | Tx,
  closing: { readonly operatorId: OperatorId; readonly period: string },
): Promise<StoredClose | undefined> {
  const { rows } = await db.execute<CloseRow>(sql`
    select ${closeColumns} from period_close
     where operator_id = ${closing.operatorId} and period = ${closing.period}`);
  return rows[0] === undefined ? undefined : closeOf(rows[0]);
}

/** Two years of months. */
const closesListed = 24;

/** The last closes, the newest first. */
export async function listCloses(
  db: Db | Tx,
  operatorId: OperatorId,
): Promise<readonly StoredClose[]> {
  const { rows } = await db.execute<CloseRow>(sql`
    select ${closeColumns} from period_close
     where operator_id = ${operatorId} order by period desc limit ${closesListed}`);
  return rows.map(closeOf);
}

const closeOf = (row: CloseRow): StoredClose => ({
  period: row.period,
  gateOpen: row.gate_open,
  gateReason: row.gate_reason,
  multBp: basisPoints(row.mult_bp),
  budgetFen: fen(row.budget_fen),
  nBase: row.n_base,
  configVersion: row.config_version,
  explanation: row.explanation,
  explanationHash: row.explanation_hash,
});
