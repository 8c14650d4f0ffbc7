import { sql } from 'drizzle-orm';
import type { Db, Statement, Tx } from '#cloud/platform/db.ts';
import { planned } from '#cloud/platform/planned.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import {
  checkPointsConfig,
  defaultPointsConfig,
  type ConfigError,
  type PointsConfig,
} from '#shared/points/points-config.ts';
import { periodSpan } from '#shared/time/period.ts';
import { err, getOrThrow, ok, type Result } from '#shared/result/result.ts';

/** One version of an operator's rules. Version 0 is the published default. */
export interface VersionedConfig {
  readonly version: number;
  readonly config: PointsConfig;
}

export type PutConfigError =
  | ConfigError
  | { readonly type: 'one-person-approval' }
  /** The period is closed: rules change forwards only. */
  | { readonly type: 'period-already-closed'; readonly lastClosedPeriod: string };

/**
 * Stores a new version of the rules, in force from `effectivePeriod` (YYYY-MM) on. Two people are needed.
 * Errors in this order: one-person-approval, config-out-of-range, period-already-closed.
 */
export async function putPointsConfig(
  tx: Tx,
  change: {
    readonly operatorId: OperatorId;
    readonly effectivePeriod: string;
    readonly config: PointsConfig;
    readonly proposedBy: string;
    readonly approvedBy: string;
  },
): Promise<Result<{ readonly version: number }, PutConfigError>> {
  if (change.proposedBy === change.approvedBy) return err({ type: 'one-person-approval' });
  const checked = checkPointsConfig(change.config);
  if (!checked.ok) return checked;
  const lastClosedPeriod = await lockBook(tx, change.operatorId, 'update');
  const effectiveFrom = periodSpan(change.effectivePeriod).firstDay;
  if (lastClosedPeriod !== undefined && effectiveFrom <= periodSpan(lastClosedPeriod).lastDay)
    return err({ type: 'period-already-closed', lastClosedPeriod });
  const { rows } = await tx.execute<{ version: number }>(sql`
    insert into points_config_version
      (operator_id, version, effective_period, effective_from, config, proposed_by, approved_by)
    select ${change.operatorId}, coalesce(max(version), 0) + 1, ${change.effectivePeriod},
           ${effectiveFrom}::date, ${JSON.stringify(change.config)}::jsonb, ${change.proposedBy}, ${change.approvedBy}
      from points_config_version where operator_id = ${change.operatorId}
    returning version`);
  return ok({ version: rows[0]!.version });
}

/**
 * The rules in force in a period, or on a day (which is the name of a period too): the newest version that is effective
 * by its first day.
 */
export async function pointsConfigAt(
  db: Db | Tx,
  at: { readonly operatorId: OperatorId; readonly period: string },
): Promise<VersionedConfig> {
  const { rows } = await planned<{ version: number; config: Partial<PointsConfig> }>(db, configAt, [
    at.operatorId,
    periodSpan(at.period).firstDay,
  ]);
  const row = rows[0];
  return { version: row?.version ?? 0, config: pointsConfigOf(row?.config) };
}

const configAt: Statement = {
  name: 'points-config-at',
  text: `
    select version, config from points_config_version
     where operator_id = $1 and effective_from <= $2::date
     order by version desc limit 1`,
};

/** The rules as they were stored; a key that is younger than the stored version has its published value. */
export const pointsConfigOf = (stored: Partial<PointsConfig> | undefined): PointsConfig =>
  stored === undefined
    ? defaultPointsConfig
    : getOrThrow(checkPointsConfig({ ...defaultPointsConfig, ...stored }));

/**
 * Locks the operator's points book and answers its last closed period; one that is being closed counts as closed.
 * `share` for whatever moves points, `update` for opening a close or a release and for a change of rules: those see no
 * movement half done. Whoever changes accounts calls advanceAhead next
 * (cloud/release/accounts/advance-ahead.ts).
 */
export async function lockBook(
  tx: Tx,
  operatorId: OperatorId,
  mode: 'share' | 'update',
): Promise<string | undefined> {
  await tx.execute(sql`
    insert into points_book (operator_id) values (${operatorId}) on conflict do nothing`);
  const lock = mode === 'share' ? sql`for share` : sql`for update`;
  const { rows } = await tx.execute<{ last: string | null }>(sql`
    select coalesce(closing_period, last_closed_period) as last from points_book
     where operator_id = ${operatorId} ${lock}`);
  return rows[0]?.last ?? undefined;
}
