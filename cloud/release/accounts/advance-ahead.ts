import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { advanceAccounts, sumsOfSeen } from '#cloud/release/accounts/advance-accounts.ts';
import { ofClose } from '#cloud/release/accounts/close-chunks.ts';
import { executeMerging } from '#cloud/release/chunks/merge-join.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/**
 * For whoever is about to change the points of some members while a period is being closed: those
 * whose chunk is not reached yet are advanced first, by themselves, and their sums kept. So the
 * close counts all accounts as they were when it was opened, and every account has seen the close
 * before anything else moves it.
 *
 * Call it with the book's lock (shared) and before any of the accounts is locked. It costs one look-up when nothing is
 * being closed. Order of locks: book, chunk (shared), accounts in the order of their ids.
 */
export async function advanceAhead(
  tx: Tx,
  movers: { readonly operatorId: OperatorId; readonly memberIds: readonly string[] },
): Promise<void> {
  const { operatorId, memberIds } = movers;
  if (memberIds.length === 0) return;
  const { rows } = await tx.execute<{ period: string; later_periods: readonly string[] }>(sql`
    select c.period, c.later_periods from points_book b
      join period_closing c on c.operator_id = b.operator_id and c.period = b.closing_period
     where b.operator_id = ${operatorId}`);
  const closing = rows[0];
  if (closing === undefined) return;
  const close = { operatorId, period: closing.period, laterPeriods: closing.later_periods };
  const waiting = await lockWaiting(tx, close, memberIds);
  if (waiting.length === 0) return;
  // Two who move the same member: the second one waits for the first, and then finds it done.
  const { rows: own } = await tx.execute<{ member_id: string }>(sql`
    insert into close_ahead (operator_id, period, member_id)
    select ${operatorId}, ${close.period}, member_id
      from unnest(${sql.param(waiting)}::text[]) as m(member_id) order by member_id
    on conflict do nothing returning member_id`);
  if (own.length === 0) return;
  const list = sql`${sql.param(own.map((row) => row.member_id))}::text[]`;
  const members = (column: SQL) => sql`${column} = any(${list})`;
  await executeMerging(
    tx,
    sql`
    with ${advanceAccounts(close, members)},
    sums as (select member_id, ${sumsOfSeen} from seen group by member_id)
    update close_ahead h
       set outstanding_points = sums.outstanding_points, later_points = sums.later_points,
           owned_points = sums.owned_points, due_points = sums.due_points,
           active_num = sums.active_num
      from sums
     where h.operator_id = ${operatorId} and h.period = ${close.period}
       and h.member_id = sums.member_id`,
  );
}

/** Those of the members whose chunk is open; it stays so until the end of this transaction. */
async function lockWaiting(
  tx: Tx,
  close: { readonly operatorId: OperatorId; readonly period: string },
  memberIds: readonly string[],
): Promise<readonly string[]> {
  const chunkOf = sql`(select c.from_member from close_chunk c
    where c.operator_id = ${close.operatorId} and c.period = ${close.period}
      and c.from_member <= m.member_id order by c.from_member desc limit 1)`;
  const { rows: found } = await tx.execute<{ member_id: string; from_member: string }>(sql`
    select m.member_id, ${chunkOf} as from_member
      from (select distinct member_id from unnest(${sql.param(memberIds)}::text[]) as u(member_id)) m`);
  const { rows: open } = await tx.execute<{ from_member: string; state: string }>(sql`
    select from_member, state from close_chunk
     where ${ofClose(close)}
       and from_member = any(${sql.param([...new Set(found.map((row) => row.from_member))])}::text[])
     order by from_member for share`);
  // The state is that behind the lock: a chunk that was in work is done now.
  const isOpen = new Set(
    open.filter(({ state }) => state === 'open').map((row) => row.from_member),
  );
  return found.flatMap((row) => (isOpen.has(row.from_member) ? [row.member_id] : []));
}
