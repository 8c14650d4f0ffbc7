import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import {
  advanceAccounts,
  sumsOfSeen,
  type OpenClose,
} from '#cloud/release/accounts/advance-accounts.ts';
import type { LaneClaim } from '#cloud/release/chunks/chunk-lanes.ts';
import { executeMerging } from '#cloud/release/chunks/merge-join.ts';
import { inRange, memberRanges } from '#cloud/release/accounts/account-ranges.ts';

type Closing = Pick<OpenClose, 'operatorId' | 'period'>;

/** The condition of a close's rows, whatever the table. */
export const ofClose = (closing: Closing): SQL =>
  sql`operator_id = ${closing.operatorId} and period = ${closing.period}`;

/** Cuts the accounts into chunks, all of them open. The caller holds the book's lock for update. */
export async function cutCloseChunks(tx: Tx, closing: Closing): Promise<void> {
  const ranges = await memberRanges(tx, closing.operatorId);
  await tx.execute(sql`
    insert into close_chunk (operator_id, period, from_member, to_member, chunk_no, state)
    select ${closing.operatorId}, ${closing.period}, from_member, to_member, place - 1, 'open'
      from unnest(${sql.param(ranges.map(({ fromMember }) => fromMember))}::text[],
                  ${sql.param(ranges.map(({ toMember }) => toMember ?? null))}::text[])
           with ordinality as r(from_member, to_member, place)`);
}

/** Advances the accounts of one chunk and adds them up; without those that went ahead. False when none is open. */
export async function advanceChunk(tx: Tx, close: OpenClose, claim: LaneClaim): Promise<boolean> {
  const chunk = await claimChunk(tx, close, claim);
  if (chunk === undefined) return false;
  // Whoever is ahead is in his order among the others: a merge finds him, also among thousands.
  const ahead = (column: SQL) => sql`not exists (
    select from close_ahead h where h.operator_id = ${close.operatorId}
       and h.period = ${close.period} and h.member_id = ${column})`;
  const hasAhead = await isAnyAhead(tx, close);
  const members = (column: SQL) =>
    hasAhead ? sql`${inRange(chunk, column)} and ${ahead(column)}` : inRange(chunk, column);
  await executeMerging(
    tx,
    sql`
    with ${advanceAccounts(close, members)},
    sums as (select ${sumsOfSeen} from seen)
    update close_chunk c
       set state = 'done', outstanding_points = sums.outstanding_points,
           later_points = sums.later_points, owned_points = sums.owned_points,
           due_points = sums.due_points, active_num = sums.active_num
      from sums where ${ofClose(close)} and from_member = ${chunk.fromMember}`,
  );
  return true;
}

/** Locks an open chunk that nobody else works on, and whose members nobody moves; undefined when there is none. */
async function claimChunk(
  tx: Tx,
  closing: Closing,
  claim: LaneClaim,
): Promise<{ readonly fromMember: string; readonly toMember: string | undefined } | undefined> {
  const { fromChunk, wait } = claim;
  const { rows } = await tx.execute<{ from_member: string; to_member: string | null }>(sql`
    select from_member, to_member from close_chunk
     where ${ofClose(closing)} and state <> 'done' and chunk_no >= ${fromChunk}
     order by chunk_no limit 1 for update ${wait ? sql`` : sql`skip locked`}`);
  const row = rows[0];
  if (row === undefined)
    return fromChunk > 0 ? claimChunk(tx, closing, { ...claim, fromChunk: 0 }) : undefined;
  return { fromMember: row.from_member, toMember: row.to_member ?? undefined };
}

/** Most closes meet nobody who moves meanwhile: then nobody is looked for. */
async function isAnyAhead(tx: Tx, closing: Closing): Promise<boolean> {
  const { rows } = await tx.execute(
    sql`select 1 from close_ahead where ${ofClose(closing)} limit 1`,
  );
  return rows.length > 0;
}

/** How many chunks there are, and how many are open. */
export async function countCloseChunks(
  tx: Tx,
  closing: Closing,
): Promise<{ readonly chunkCount: number; readonly leftInState: number }> {
  const { rows } = await tx.execute<{ chunkCount: number; leftInState: number }>(sql`
    select count(*) as "chunkCount", count(*) filter (where state = 'open') as "leftInState"
      from close_chunk where ${ofClose(closing)}`);
  return rows[0]!;
}
