import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { enqueueOutbox, type OutboxHandler } from '#cloud/platform/outbox.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';
import { ok } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

/** Topic of the outbox: a member's account was held, or goes on. */
export const freezeToldTopic = 'member-freeze-told';

interface Told {
  readonly memberId: MemberId;
  readonly kind: 'frozen' | 'thawed';
  readonly atMs: number;
}

/**
 * Asks for the message in the transaction that holds the account, or lets it go on: without it
 * there is none, with it there is one. It says that it happened and whom to ask, never why: the
 * page may be open in a thief's hand.
 */
export const enqueueFreezeTold = (
  tx: Tx,
  { operatorId, ...told }: Told & { readonly operatorId: OperatorId },
): Promise<void> =>
  enqueueOutbox(tx, {
    nowMs: told.atMs,
    entries: [
      {
        operatorId,
        topic: freezeToldTopic,
        effectKey: `${told.memberId}:${told.kind}:${told.atMs}`,
        payload: told,
        dueAtMs: told.atMs,
      },
    ],
  });

/**
 * Writes the message, once per freeze and thaw. It is about the account itself: whoever wants no
 * messages gets it too.
 */
export const freezeToldHandler: OutboxHandler = async (tx, { operatorId, payload }) => {
  const { memberId, kind, atMs } = payload as Told;
  await tx.execute(sql`
    insert into member_message (operator_id, member_id, kind, ref, on_day, at_ms)
    values (${operatorId}, ${memberId}, ${kind}, ${String(atMs)}, ${accountingDate(atMs)}::date, ${atMs})
    on conflict do nothing`);
  return ok(undefined);
};
