import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import type { MemberId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import { addDays } from '#shared/time/calendar-day.ts';

/** A voucher that ended meanwhile comes back with so many days to spend it (docs/points.md 2.9). */
export const returnGraceDays = 7;

/**
 * Locks the vouchers of an order and all that members can still spend, in one order, so that nobody
 * waits in a ring.
 */
export async function lockVouchers(
  tx: Tx,
  wanted: {
    readonly operatorId: OperatorId;
    readonly orderId: OrderId;
    readonly memberIds: readonly MemberId[];
  },
): Promise<void> {
  const { operatorId, orderId, memberIds } = wanted;
  await tx.execute(sql`
    select 1 from voucher where operator_id = ${operatorId}
       and (voucher_id in (
              select l.voucher_id from voucher_reservation_line l join voucher_reservation r
                  on r.operator_id = l.operator_id and r.reservation_id = l.reservation_id
               where r.operator_id = ${operatorId} and r.order_id = ${orderId}
                 and r.state = 'committed')
            or (left_fen > 0 and member_id = any(${sql.param(memberIds)}::text[])))
     order by voucher_id for update`);
}

/**
 * Gives vouchers that an order spent back to the wallet they came from, those that last longest first. The caller
 * locked them and books their value in the same transaction.
 */
export async function returnVouchers(
  tx: Tx,
  refund: {
    readonly operatorId: OperatorId;
    readonly orderId: OrderId;
    readonly refundNo: number;
    readonly voucherFen: Fen;
    /** Accounting date, YYYY-MM-DD. */
    readonly today: string;
  },
): Promise<void> {
  const { operatorId, orderId, voucherFen } = refund;
  if (voucherFen === 0) return;
  const { rows } = await tx.execute<{ fen: number }>(sql`
    with lines as (
      select l.reservation_id, l.voucher_id, l.amount_fen - l.returned_fen as left_fen,
             sum(l.amount_fen - l.returned_fen) over (order by v.expires_on desc, v.voucher_id) as upto
        from voucher_reservation r
        join voucher_reservation_line l
          on l.operator_id = r.operator_id and l.reservation_id = r.reservation_id
        join voucher v on v.operator_id = l.operator_id and v.voucher_id = l.voucher_id
       where r.operator_id = ${operatorId} and r.order_id = ${orderId} and r.state = 'committed'
    ), back as (
      select reservation_id, voucher_id,
             least(left_fen, ${voucherFen}::bigint - (upto - left_fen))::bigint as fen
        from lines where upto - left_fen < ${voucherFen}::bigint and left_fen > 0
    ), noted as (
      update voucher_reservation_line l set returned_fen = l.returned_fen + back.fen
        from back where l.operator_id = ${operatorId}
         and l.reservation_id = back.reservation_id and l.voucher_id = back.voucher_id
    ), moved as (
      update voucher v set spent_fen = v.spent_fen - back.fen, left_fen = v.left_fen + back.fen,
             expires_on = greatest(v.expires_on, ${addDays(refund.today, returnGraceDays)}::date)
        from back where v.operator_id = ${operatorId} and v.voucher_id = back.voucher_id
    ), entries as (
      insert into voucher_entry (operator_id, voucher_id, kind, ref, amount_fen)
      select ${operatorId}, voucher_id, 'returned', ${`${orderId}:${refund.refundNo}`}, fen from back
    )
    select coalesce(sum(fen), 0)::bigint as fen from back`);
  assert(
    rows[0]?.fen === voucherFen,
    () => `${orderId} spent ${rows[0]?.fen} of the ${voucherFen} of vouchers that it gives back`,
  );
}

/** Cancels unspent vouchers of a member, those that last longest first. The caller locked them and there are enough. */
export async function cancelVouchers(
  tx: Tx,
  cancel: {
    readonly operatorId: OperatorId;
    readonly memberId: MemberId;
    readonly amountFen: Fen;
    /** Accounting date; what ended before it is not the member's any more. */
    readonly today: string;
    readonly ref: string;
  },
): Promise<void> {
  const { operatorId, memberId, amountFen } = cancel;
  if (amountFen === 0) return;
  const { rows } = await tx.execute<{ fen: number }>(sql`
    with unspent as (
      select voucher_id, left_fen,
             sum(left_fen) over (order by expires_on desc, voucher_id) as upto
        from voucher where operator_id = ${operatorId} and member_id = ${memberId}
         and left_fen > 0 and expires_on >= ${cancel.today}::date
    ), taken as (
      select voucher_id, least(left_fen, ${amountFen}::bigint - (upto - left_fen))::bigint as fen
        from unspent where upto - left_fen < ${amountFen}::bigint
    ), moved as (
      update voucher v set left_fen = v.left_fen - taken.fen, clawed_fen = v.clawed_fen + taken.fen
        from taken where v.operator_id = ${operatorId} and v.voucher_id = taken.voucher_id
    ), entries as (
      insert into voucher_entry (operator_id, voucher_id, kind, ref, amount_fen)
      select ${operatorId}, voucher_id, 'clawed', ${cancel.ref}, -fen from taken
    )
    select coalesce(sum(fen), 0)::bigint as fen from taken`);
  assert(rows[0]?.fen === amountFen, () => `${memberId} has less than ${amountFen} of vouchers`);
}
