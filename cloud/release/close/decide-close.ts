import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { pointsConfigAt, type VersionedConfig } from '#cloud/points/points-config-store.ts';
import { ofClose } from '#cloud/release/accounts/close-chunks.ts';
import { explainClose } from '#cloud/release/close/close-explanation.ts';
import {
  poolsOf,
  readInflowHistory,
  type Pools,
  type PoolSums,
} from '#cloud/release/close/pools.ts';
import { sealRecord } from '#cloud/release/sealed-record.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { planClose, type CloseInput, type ClosePlan } from '#shared/points/close/close-plan.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { assert } from '#shared/result/assert.ts';
import { periodSpan } from '#shared/time/period.ts';

interface Closing {
  readonly operatorId: OperatorId;
  readonly period: string;
}

/**
 * The last step of a close: gate, multiplier and budget from the sums that were kept, stored with
 * their explanation, and the period is the last closed one. The caller holds the book's lock for
 * update.
 */
export async function decideClose(tx: Tx, closing: Closing): Promise<void> {
  const { operatorId, period } = closing;
  const { rows } = await tx.execute<{ fund_fen: number; config_version: number; pools: PoolSums }>(
    sql`select fund_fen, config_version, pools from period_closing where ${ofClose(closing)}`,
  );
  const opened = rows[0]!;
  const rules = await pointsConfigAt(tx, closing);
  assert(
    rules.version === opened.config_version,
    () => `the rules of ${period} changed from ${opened.config_version} to ${rules.version}`,
  );
  const pools = poolsOf(period, opened.pools);
  const { days } = periodSpan(period);
  const input = {
    period,
    gate: pools.gate,
    fundFen: fen(opened.fund_fen),
    unreleasedPoints: pointFen(pools.coveredPoints),
    duePoints: pointFen(pools.duePoints),
    activePoints: pools.activePoints,
    history: [...(await readInflowHistory(tx, closing)), { points: pools.concessionPoints, days }],
  };
  await storeClose(tx, { operatorId, rules, pools, input, plan: planClose(input, rules.config) });
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
  const { text, hash } = sealRecord(explainClose(close));
  await tx.execute(sql`
    insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
      unreleased_points, inflow_points, concession_points, mult_bp, budget_fen, n_base,
      explanation, explanation_hash)
    values (${operatorId}, ${period}, ${close.rules.version}, ${plan.gate.open}, ${plan.gate.reason},
      ${pools.gate.outstanding.current}, ${pools.gate.inflow.current}, ${pools.concessionPoints},
      ${plan.controller.multBp}, ${plan.budgetFen}, ${plan.nBase}, ${text}::jsonb, ${hash})`);
  await tx.execute(sql`
    update points_book set last_closed_period = ${period}, closing_period = null
     where operator_id = ${operatorId}`);
}
