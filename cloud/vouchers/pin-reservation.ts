import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { pinnedUntilMs, reservationHoldMs } from '#cloud/vouchers/reservations.ts';
import type { MemberId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';

export interface ReservationToPin {
  readonly operatorId: OperatorId;
  readonly reservationId: string;
  readonly orderId: OrderId;
  readonly memberId: MemberId;
  readonly voucherFen: Fen;
  readonly nowMs: number;
}

/**
 * Stops the clock of a reservation while a charge is under way: a channel may say "paid" after any time, and the
 * vouchers must still be there then. False when exactly this is not set aside any more.
 */
export async function pinReservation(tx: Tx, pin: ReservationToPin): Promise<boolean> {
  const { rowCount } = await tx.execute(sql`
    update voucher_reservation set expires_at_ms = ${pinnedUntilMs}
     where operator_id = ${pin.operatorId} and reservation_id = ${pin.reservationId}
       and order_id = ${pin.orderId} and member_id = ${pin.memberId}
       and voucher_fen = ${pin.voucherFen} and state = 'held' and expires_at_ms > ${pin.nowMs}`);
  return rowCount === 1;
}

/** The charge is over without money: the clock runs again, so that the next attempt can have the same vouchers. */
export async function unpinReservation(
  tx: Tx,
  pin: Pick<ReservationToPin, 'operatorId' | 'reservationId' | 'nowMs'>,
): Promise<void> {
  await tx.execute(sql`
    update voucher_reservation set expires_at_ms = ${pin.nowMs + reservationHoldMs}
     where operator_id = ${pin.operatorId} and reservation_id = ${pin.reservationId}
       and state = 'held' and expires_at_ms = ${pinnedUntilMs}`);
}
