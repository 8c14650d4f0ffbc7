import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { closeInputOf } from '#cloud/release/close/close-explanation.ts';
import { readClose } from '#cloud/release/close/stored-closes.ts';
import { readInflowHistory } from '#cloud/release/close/pools.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { planClose } from '#shared/points/close/close-plan.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';

/** What the last close would have decided under other rules. */
export interface PolicyPreview {
  readonly period: string;
  readonly before: PreviewedClose;
  readonly after: PreviewedClose;
}

interface PreviewedClose {
  readonly gateOpen: boolean;
  readonly gateReason: string;
  readonly multBp: number;
  readonly binding: string;
  readonly budgetFen: number;
  readonly nBase: number;
}

/**
 * The last close computed again from its stored inputs, as it was and under other rules; undefined
 * before the first.
 */
export async function previewPolicy(
  db: Db | Tx,
  wanted: {
    readonly operatorId: OperatorId;
    readonly before: PointsConfig;
    readonly after: PointsConfig;
  },
): Promise<PolicyPreview | undefined> {
  const { operatorId } = wanted;
  const { rows } = await db.execute<{ period: string | null }>(sql`
    select last_closed_period as period from points_book where operator_id = ${operatorId}`);
  const period = rows[0]?.period ?? undefined;
  const close = period === undefined ? undefined : await readClose(db, { operatorId, period });
  if (close === undefined) return undefined;
  const history = await readInflowHistory(db, { operatorId, period: close.period });
  const input = closeInputOf(close.explanation, history);
  const under = (config: PointsConfig): PreviewedClose => {
    const { gate, controller, budgetFen, nBase } = planClose(input, config);
    const { multBp, binding } = controller;
    return { gateOpen: gate.open, gateReason: gate.reason, multBp, binding, budgetFen, nBase };
  };
  return { period: close.period, before: under(wanted.before), after: under(wanted.after) };
}
