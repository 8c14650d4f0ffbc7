import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { pointsConfigAt } from '#cloud/points/points-config-store.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { defaultPointsConfig, type PointsConfig } from '#shared/points/points-config.ts';
import { policyDifferences, type PolicyDifference } from '#shared/points/policy/policy.ts';
import { presetOf, type PresetName } from '#shared/points/policy/preset.ts';

/** One version of the rules with who made it and what it changed, for the console and the disclosure page. */
export interface PolicyVersion {
  readonly version: number;
  readonly effectivePeriod: string;
  /** First day in force, YYYY-MM-DD. */
  readonly effectiveFrom: string;
  readonly preset: PresetName;
  readonly changes: readonly PolicyDifference[];
  readonly proposedBy: string;
  readonly approvedBy: string;
  /** When the second person approved it; null for a version that was set up with the operator. */
  readonly announcedAtMs: number | null;
}

interface VersionRow extends Record<string, unknown> {
  readonly version: number;
  readonly period: string;
  readonly first_day: string;
  readonly config: Partial<PointsConfig>;
  readonly proposed_by: string;
  readonly approved_by: string;
  readonly announced_at_ms: number | null;
}

/** Versions in one page of the list. */
export const versionsPerPage = 100;

/**
 * Every version, the newest first; `before` is the last version of the page before. Each says what
 * it changed against the one before it.
 */
export async function listPolicyVersions(
  db: Db | Tx,
  page: {
    readonly operatorId: OperatorId;
    readonly before?: number | undefined;
    readonly limit?: number;
  },
): Promise<readonly PolicyVersion[]> {
  const limit = page.limit ?? versionsPerPage;
  // One more than is told: what the last one changed is seen against it.
  const { rows } = await db.execute<VersionRow>(sql`
    select v.version, v.effective_period as period, v.config, v.proposed_by, v.approved_by,
           to_char(v.effective_from, 'YYYY-MM-DD') as first_day, p.ended_at_ms as announced_at_ms
      from points_config_version v
      left join policy_proposal p on p.operator_id = v.operator_id and p.version = v.version
     where v.operator_id = ${page.operatorId}
       and v.version < coalesce(${page.before ?? null}::integer, 2147483647)
     order by v.version desc limit ${limit + 1}`);
  const configOf = (row: VersionRow | undefined): PointsConfig => ({
    ...defaultPointsConfig,
    ...row?.config,
  });
  return rows.slice(0, limit).map((row, index) => {
    const config = configOf(row);
    return {
      version: row.version,
      effectivePeriod: row.period,
      effectiveFrom: row.first_day,
      preset: presetOf(config),
      changes: policyDifferences(configOf(rows[index + 1]), config),
      proposedBy: row.proposed_by,
      approvedBy: row.approved_by,
      announcedAtMs: row.announced_at_ms,
    };
  });
}

/** The rules in force on a day. */
export async function policyOn(
  db: Db | Tx,
  on: { readonly operatorId: OperatorId; readonly day: string },
): Promise<{
  readonly version: number;
  readonly preset: PresetName;
  readonly config: Record<string, unknown>;
}> {
  const { version, config } = await pointsConfigAt(db, {
    operatorId: on.operatorId,
    period: on.day,
  });
  return { version, preset: presetOf(config), config: { ...config } };
}
