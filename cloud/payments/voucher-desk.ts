import { sql } from 'drizzle-orm';
import { ok } from '#shared/result/result.ts';
import { shanghaiDateOf } from '#cloud/payments/quota-date.ts';
import type { VoucherPort } from '#cloud/payments/voucher-port.ts';
import {
  commitReservation,
  releaseReservation,
  reserveVouchers,
} from '#cloud/vouchers/reservations.ts';

/** A sale may be found paid until its deadline; what is set aside must last longer than that. */
export const heldAtLeastMs = 90_000;

/** The vouchers room as taking money sees it. */
export const createVoucherDesk = (): VoucherPort => ({
  isHeld: async (tx, part) => {
    const { rows } = await tx.execute(sql`
      select 1 from voucher_reservation
       where operator_id = ${part.operatorId} and reservation_id = ${part.reservationId}
         and order_id = ${part.orderId} and member_id = ${part.memberId}
         and voucher_fen = ${part.voucherFen} and state = 'held'
         and expires_at_ms >= ${part.nowMs + heldAtLeastMs}`);
    return rows.length === 1;
  },
  commit: async (tx, part) => {
    const committed = await commitReservation(tx, part);
    return committed.ok ? ok(undefined) : committed;
  },
  release: async (tx, part) => {
    await releaseReservation(tx, part);
  },
  reserve: async (tx, order) => {
    const reserved = await reserveVouchers(tx, { ...order, today: shanghaiDateOf(order.nowMs) });
    return reserved.ok ? reserved.value : undefined;
  },
});
