import { sql } from 'drizzle-orm';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { enqueueOutbox, type OutboxHandler } from '#cloud/platform/outbox.ts';
import { readWallet } from '#cloud/vouchers/wallet.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';
import { bestVoucher } from '#shared/points/vouchers/voucher-spend.ts';
import { ok } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

/** Topic of the outbox: a member's order is final, so tell him of the voucher for his next visit (rule R16). */
export const nextVisitTopic = 'voucher-next-visit';

/**
 * Asks for a message to each member of these final orders who has something to spend and wants to hear of it. In the
 * transaction that makes the orders final: without it there is no message, with it there is one per order.
 */
export async function enqueueNextVisits(
  tx: Tx,
  final: {
    readonly operatorId: OperatorId;
    readonly orderIds: readonly string[];
    readonly nowMs: number;
  },
): Promise<void> {
  const { operatorId, nowMs } = final;
  if (final.orderIds.length === 0) return;
  const { rows } = await tx.execute<{ order_id: string; member_id: MemberId }>(sql`
    select o.order_id, o.member_id from points_order o
      join member m on m.operator_id = o.operator_id and m.member_id = o.member_id
     where o.operator_id = ${operatorId} and m.hears_vouchers
       and o.order_id = any(${sql.param(final.orderIds)}::text[])
       and exists (select from voucher v where v.operator_id = ${operatorId}
                      and v.member_id = o.member_id and v.left_fen > 0)`);
  await enqueueOutbox(tx, {
    nowMs,
    entries: rows.map(({ order_id: effectKey, member_id: memberId }) => ({
      operatorId,
      topic: nextVisitTopic,
      effectKey,
      payload: { memberId },
      dueAtMs: nowMs,
    })),
  });
}

/** Writes the message, once per order, out of what the wallet holds now; a member who said no meanwhile gets none. */
export const createNextVisitHandler =
  ({ clock }: Pick<CloudDeps, 'clock'>): OutboxHandler =>
  async (tx, { operatorId, effectKey, payload }) => {
    const { memberId } = payload as { readonly memberId: MemberId };
    const nowMs = clock.nowMs();
    const today = accountingDate(nowMs);
    const { vouchers } = await readWallet(tx, { operatorId, memberId, today });
    const best = bestVoucher(
      vouchers.map(({ voucherId: id, ...rest }) => ({ id, ...rest })),
      today,
    );
    if (best === undefined) return ok(undefined);
    await tx.execute(sql`
      insert into member_message (operator_id, member_id, kind, ref, on_day, at_ms, voucher_id,
        amount_fen, expires_on)
      select ${operatorId}, ${memberId}, 'next-visit', ${effectKey}, ${today}::date, ${nowMs},
             ${best.id}, ${best.leftFen}, ${best.expiresOn}::date
        from member where operator_id = ${operatorId} and member_id = ${memberId} and hears_vouchers
      on conflict do nothing`);
    return ok(undefined);
  };
