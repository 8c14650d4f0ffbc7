import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId, PersonId } from '#shared/ids/ids.ts';

/**
 * So long what one person proposed waits for another: 72 hours, so that what is proposed on a
 * Friday evening can be agreed to on Monday. Older ones were proposed for a state of affairs that
 * nobody looks at any more, by somebody who may not remember why.
 */
export const actLifeMs = 72 * 3_600_000;

/** The tables in which something waits for a second person. */
export type ProposalTable =
  | 'attempt_resolution'
  | 'instruction_decision'
  | 'policy_proposal'
  | 'release_adjustment'
  | 'two_person_act'
  | 'wind_down';

/** Ends what nobody agreed to in time: nobody ended it, so nobody stands in it. */
export const lapseProposals = (
  tx: Tx,
  {
    table,
    which,
    nowMs,
  }: { readonly table: ProposalTable; readonly which: SQL; readonly nowMs: number },
): Promise<unknown> =>
  tx.execute(sql`
    update ${sql.identifier(table)}
       set state = 'lapsed', ended_at_ms = proposed_at_ms + ${actLifeMs}::bigint
     where ${which} and state = 'proposed' and proposed_at_ms < ${nowMs - actLifeMs}`);

/** How a proposal stands at `nowMs`, also when nobody has touched it since it lapsed. */
export const standsAt = (nowMs: number): SQL => sql`
  case when state = 'proposed' and proposed_at_ms < ${nowMs}::bigint - ${actLifeMs}::bigint
       then 'lapsed' else state end`;

/** When it ended; what has lapsed ended then, touched or not. */
export const endedAt = (nowMs: number): SQL => sql`
  coalesce(ended_at_ms, case ${standsAt(nowMs)} when 'lapsed'
                          then proposed_at_ms + ${actLifeMs}::bigint end)`;

/**
 * Has who proposed it left since? His key may have been stolen, or he has a new one and would agree
 * to himself.
 */
export async function hasLeft(
  tx: Tx,
  personId: PersonId,
  operatorId: OperatorId,
): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    select from operator_person where operator_id = ${operatorId} and person_id = ${personId}
       and ended_at_ms is not null`);
  return rows.length > 0;
}
