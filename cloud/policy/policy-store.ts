import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { endedAt, hasLeft, lapseProposals, standsAt } from '#cloud/persons/proposal-life.ts';
import { lockBook, putPointsConfig } from '#cloud/points/points-config-store.ts';
import type { OperatorId, PersonId } from '#shared/ids/ids.ts';
import { defaultPointsConfig, type PointsConfig } from '#shared/points/points-config.ts';
import {
  judgePolicy,
  policyDifferences,
  type PolicyDifference,
  type PolicyError,
  type PolicyState,
} from '#shared/points/policy/policy.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { err, getOrThrow, ok, type Result } from '#shared/result/result.ts';

export interface PolicyProposal {
  readonly proposalNo: number;
  readonly baseVersion: number;
  readonly effectivePeriod: string;
  /** First day in force, YYYY-MM-DD. */
  readonly effectiveFrom: string;
  readonly changes: readonly PolicyDifference[];
  readonly why: string;
  readonly proposedBy: PersonId;
  readonly proposedAtMs: number;
  /** Lapsed: nobody agreed in time (persons/proposal-life.ts). */
  readonly state: 'proposed' | 'approved' | 'withdrawn' | 'lapsed';
  readonly endedBy: string | null;
  readonly endedAtMs: number | null;
  readonly endedNote: string | null;
  readonly version: number | null;
}

export type ProposalError =
  | PolicyError
  | { readonly type: 'proposal-unknown' }
  | { readonly type: 'person-act-lapsed' }
  | { readonly type: 'policy-proposal-ended' }
  | { readonly type: 'policy-same-person' };

interface Act {
  readonly operatorId: OperatorId;
  readonly by: PersonId;
  readonly nowMs: number;
}

export interface ProposedPolicy {
  readonly proposal: PolicyProposal;
  /** The newest rules and the proposed ones, whole. */
  readonly configs: { readonly before: PointsConfig; readonly after: PointsConfig };
}

/** Most proposals that a list answers, the newest first. */
export const proposalsListedMax = 200;

/** One person proposes to change some keys of the newest rules. Errors: those of judgePolicy. */
export async function proposePolicy(
  tx: Tx,
  act: Act & {
    readonly change: Partial<PointsConfig>;
    readonly effectivePeriod: string;
    readonly why: string;
  },
): Promise<Result<ProposedPolicy, PolicyError>> {
  const { operatorId, effectivePeriod } = act;
  const { baseVersion, state } = await policyState(tx, act);
  const config = { ...state.newest, ...act.change };
  const judged = judgePolicy({ config, effectivePeriod }, state);
  if (!judged.ok) return judged;
  const { rows } = await tx.execute<{ no: number }>(sql`
    insert into policy_proposal (operator_id, proposal_no, base_version, effective_period,
      effective_from, config, changes, why, proposed_by, proposed_at_ms, state)
    select ${operatorId}, coalesce(max(proposal_no), 0) + 1, ${baseVersion}, ${effectivePeriod},
           ${judged.value.effectiveFrom}::date, ${JSON.stringify(config)}::jsonb,
           ${JSON.stringify(policyDifferences(state.newest, config))}::jsonb, ${act.why},
           ${act.by}, ${act.nowMs}, 'proposed'
      from policy_proposal where operator_id = ${operatorId}
    returning proposal_no as no`);
  const proposal = (await readProposal(tx, { operatorId, proposalNo: rows[0]!.no }))!;
  return ok({ proposal, configs: { before: state.newest, after: config } });
}

/**
 * Another person approves: it becomes a version, judged again on this day, because this is the day of its announcement.
 * Errors in this order: proposal-unknown, person-act-lapsed, policy-proposal-ended, policy-same-person,
 * policy-proposal-ended (whoever proposed it has left), those of judgePolicy.
 */
export async function approvePolicy(
  tx: Tx,
  act: Act & { readonly proposalNo: number; readonly note: string },
): Promise<Result<PolicyProposal, ProposalError>> {
  const { operatorId, proposalNo } = act;
  const { baseVersion, state } = await policyState(tx, act);
  const proposal = await lapsedOrNot(tx, act);
  if (proposal === undefined) return err({ type: 'proposal-unknown' });
  if (proposal.state === 'lapsed') return err({ type: 'person-act-lapsed' });
  if (proposal.state !== 'proposed' || proposal.baseVersion !== baseVersion)
    return err({ type: 'policy-proposal-ended' });
  if (proposal.proposedBy === act.by) return err({ type: 'policy-same-person' });
  if (await hasLeft(tx, proposal.proposedBy, operatorId))
    return err({ type: 'policy-proposal-ended' });
  const { effectivePeriod } = proposal;
  const config = await proposedConfig(tx, act);
  const judged = judgePolicy({ config, effectivePeriod }, state);
  if (!judged.ok) return judged;
  const stored = await putPointsConfig(tx, {
    operatorId,
    effectivePeriod,
    config,
    proposedBy: proposal.proposedBy,
    approvedBy: act.by,
  });
  await tx.execute(sql`
    update policy_proposal set state = 'approved', ended_by = ${act.by}, ended_at_ms = ${act.nowMs},
           ended_note = ${act.note}, version = ${getOrThrow(stored).version}
     where operator_id = ${operatorId} and proposal_no = ${proposalNo}`);
  return ok((await readProposal(tx, act))!);
}

/** Either thinks again. Errors: proposal-unknown, person-act-lapsed, policy-proposal-ended. */
export async function withdrawPolicy(
  tx: Tx,
  act: Act & { readonly proposalNo: number; readonly note: string },
): Promise<Result<PolicyProposal, ProposalError>> {
  const { operatorId, proposalNo } = act;
  const standing = await lapsedOrNot(tx, act);
  if (standing === undefined) return err({ type: 'proposal-unknown' });
  if (standing.state === 'lapsed') return err({ type: 'person-act-lapsed' });
  const { rows } = await tx.execute(sql`
    update policy_proposal set state = 'withdrawn', ended_by = ${act.by},
           ended_at_ms = ${act.nowMs}, ended_note = ${act.note}
     where operator_id = ${operatorId} and proposal_no = ${proposalNo} and state = 'proposed'
    returning 1`);
  if (rows.length === 0) return err({ type: 'policy-proposal-ended' });
  return ok((await readProposal(tx, act))!);
}

/** Locks the book, so that no point becomes final and no period closes while the rules change. */
async function policyState(
  tx: Tx,
  { operatorId, nowMs }: Act,
): Promise<{ readonly baseVersion: number; readonly state: PolicyState }> {
  const lastClosedPeriod = await lockBook(tx, operatorId, 'update');
  const { rows } = await tx.execute<{
    version: number;
    config: Partial<PointsConfig>;
    first_day: string;
  }>(sql`
    select version, config, to_char(effective_from, 'YYYY-MM-DD') as first_day
      from points_config_version where operator_id = ${operatorId} order by version desc limit 1`);
  const { rows: lots } = await tx.execute(sql`
    select 1 from points_lot where operator_id = ${operatorId} and state <> 'pending' limit 1`);
  return {
    baseVersion: rows[0]?.version ?? 0,
    state: {
      newest: { ...defaultPointsConfig, ...rows[0]?.config },
      newestFrom: rows[0]?.first_day,
      today: accountingDate(nowMs),
      pointsAreFinal: lastClosedPeriod !== undefined || lots.length > 0,
    },
  };
}

interface ProposalKey {
  readonly operatorId: OperatorId;
  readonly proposalNo: number;
}

async function proposedConfig(tx: Tx, key: ProposalKey): Promise<PointsConfig> {
  const { rows } = await tx.execute<{ config: PointsConfig }>(sql`
    select config from policy_proposal
     where operator_id = ${key.operatorId} and proposal_no = ${key.proposalNo}`);
  return rows[0]!.config;
}

async function readProposal(tx: Tx, key: ProposalKey): Promise<PolicyProposal | undefined> {
  const { operatorId, proposalNo } = key;
  return (await listProposals(tx, { operatorId, proposalNo, nowMs: 0 }))[0];
}

/** The proposal; one whose time is over has lapsed with that. */
async function lapsedOrNot(
  tx: Tx,
  { nowMs, ...key }: ProposalKey & Pick<Act, 'nowMs'>,
): Promise<PolicyProposal | undefined> {
  const which = sql`operator_id = ${key.operatorId} and proposal_no = ${key.proposalNo}`;
  await lapseProposals(tx, { table: 'policy_proposal', which, nowMs });
  return await readProposal(tx, key);
}

/** What was ever proposed, the newest first: who, when, what changed, and how it stands at `nowMs`. */
export async function listProposals(
  db: Db | Tx,
  {
    operatorId,
    proposalNo,
    nowMs,
  }: Omit<ProposalKey, 'proposalNo'> & {
    readonly proposalNo?: number;
    readonly nowMs: number;
  },
): Promise<readonly PolicyProposal[]> {
  const { rows } = await db.execute<PolicyProposal & Record<string, unknown>>(sql`
    select proposal_no as "proposalNo", base_version as "baseVersion",
           effective_period as "effectivePeriod",
           to_char(effective_from, 'YYYY-MM-DD') as "effectiveFrom", changes, why,
           proposed_by as "proposedBy", proposed_at_ms as "proposedAtMs",
           ${standsAt(nowMs)} as state, ended_by as "endedBy", ${endedAt(nowMs)} as "endedAtMs",
           ended_note as "endedNote", version
      from policy_proposal
     where operator_id = ${operatorId}
       and proposal_no = coalesce(${proposalNo ?? null}::integer, proposal_no)
     order by proposal_no desc limit ${proposalsListedMax}`);
  return rows;
}
