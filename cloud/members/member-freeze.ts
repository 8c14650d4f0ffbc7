import { sql } from 'drizzle-orm';
import { enqueueFreezeTold } from '#cloud/members/freeze-message.ts';
import { stopCodesOfFrozen } from '#cloud/payments/offline/stop-frozen-codes.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { lockBook } from '#cloud/points/points-config-store.ts';
import { advanceAhead } from '#cloud/release/accounts/advance-ahead.ts';
import { lapseReservationsOf } from '#cloud/vouchers/lapse-reservations.ts';
import type { MemberId, OperatorId, PersonId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

interface Member {
  readonly operatorId: OperatorId;
  readonly memberId: MemberId;
}

/**
 * Holds an account (docs/points.md 2.9): one person does it at once, because a thief does not wait
 * for a second one. Its points go on coming due and are not released, its vouchers stay and do not
 * end, receipts can be claimed into it. Codes that it could still show are stopped; what they paid
 * before a till could know is debited without vouchers. What is set aside for an order whose money
 * is not on the way goes back into the wallet, whole: see {@link lapseReservationsOf}. The member
 * is told that it happened, never why.
 * Errors: member-unknown, already-frozen.
 */
export async function freezeMember(
  tx: Tx,
  freeze: Member & { readonly by: PersonId; readonly why: string; readonly nowMs: number },
): Promise<Result<void, { readonly type: 'member-unknown' | 'already-frozen' }>> {
  const { operatorId, memberId, by, why, nowMs } = freeze;
  const known = await tx.execute(sql`
    select 1 from member where operator_id = ${operatorId} and member_id = ${memberId} for update`);
  if (known.rows.length === 0) return err({ type: 'member-unknown' });
  const { rowCount } = await tx.execute(sql`
    insert into member_freeze (operator_id, member_id, frozen_at_ms, frozen_on, frozen_by, frozen_why)
    values (${operatorId}, ${memberId}, ${nowMs}, ${accountingDate(nowMs)}::date, ${by}, ${why})
    on conflict do nothing`);
  if (rowCount !== 1) return err({ type: 'already-frozen' });
  await beforeItMoves(tx, freeze);
  await tx.execute(sql`
    insert into account_points (operator_id, member_id, state)
    values (${operatorId}, ${memberId}, 'frozen')
    on conflict (operator_id, member_id) do update set state = 'frozen'`);
  await stopCodesOfFrozen(tx, { operatorId, memberId, nowMs });
  await lapseReservationsOf(tx, freeze);
  await enqueueFreezeTold(tx, { operatorId, memberId, kind: 'frozen', atMs: nowMs });
  return ok(undefined);
}

/** A close counts the account as it was when the close was opened. */
async function beforeItMoves(tx: Tx, { operatorId, memberId }: Member): Promise<void> {
  await lockBook(tx, operatorId, 'share');
  await advanceAhead(tx, { operatorId, memberIds: [memberId] });
}

/**
 * Lets an account go on as if it had not been held: what came due is released by the next runs, and
 * every voucher is good for the days more that it could not be used. By two people. Errors:
 * not-frozen.
 */
export async function thawMember(
  tx: Tx,
  thaw: Member & { readonly by: string; readonly why: string; readonly nowMs: number },
): Promise<Result<{ readonly days: number }, { readonly type: 'not-frozen' }>> {
  const { operatorId, memberId, nowMs } = thaw;
  const today = accountingDate(nowMs);
  const { rows } = await tx.execute<{ frozen_on: string; days: number }>(sql`
    update member_freeze set thawed_at_ms = ${nowMs}, thawed_by = ${thaw.by}, thawed_why = ${thaw.why}
     where operator_id = ${operatorId} and member_id = ${memberId} and thawed_at_ms is null
    returning frozen_on::text as frozen_on, ${today}::date - frozen_on as days`);
  const ended = rows[0];
  if (ended === undefined) return err({ type: 'not-frozen' });
  await beforeItMoves(tx, thaw);
  await tx.execute(sql`
    update account_points set state = 'active'
     where operator_id = ${operatorId} and member_id = ${memberId}`);
  await tx.execute(sql`
    update voucher
       set expires_on = expires_on + greatest(0, ${today}::date - greatest(day, ${ended.frozen_on}::date))
     where operator_id = ${operatorId} and member_id = ${memberId}
       and (left_fen > 0 or held_fen > 0) and expires_on >= ${ended.frozen_on}::date`);
  await enqueueFreezeTold(tx, { operatorId, memberId, kind: 'thawed', atMs: nowMs });
  return ok({ days: ended.days });
}

export interface Freeze {
  readonly frozenAtMs: number;
  readonly frozenBy: string;
  readonly frozenWhy: string;
  readonly thawedAtMs: number | null;
  readonly thawedBy: string | null;
  readonly thawedWhy: string | null;
}

/** Freezes of one member that are listed. */
export const freezesListedMax = 100;

/** How often an account was held and why, the newest first. */
export async function listFreezes(
  db: Db | Tx,
  { operatorId, memberId }: Member,
): Promise<readonly Freeze[]> {
  const { rows } = await db.execute<Freeze & Record<string, unknown>>(sql`
    select frozen_at_ms as "frozenAtMs", frozen_by as "frozenBy", frozen_why as "frozenWhy",
           thawed_at_ms as "thawedAtMs", thawed_by as "thawedBy", thawed_why as "thawedWhy"
      from member_freeze where operator_id = ${operatorId} and member_id = ${memberId}
     order by frozen_at_ms desc limit ${freezesListedMax}`);
  return rows;
}
