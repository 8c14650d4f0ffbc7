import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { holdAgain, pinnedUntilMs, reservationHoldMs } from '#cloud/vouchers/reservations.ts';
import type { MemberId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';

export interface ReservationToPin {
  readonly operatorId: OperatorId;
  readonly reservationId: string;
  readonly orderId: OrderId;
  readonly memberId: MemberId;
  readonly voucherFen: Fen;
}

/**
 * Stops the clock of a reservation while a charge is under way: a channel may say "paid" after any time, and the
 * vouchers must still be there then. One whose time ran out is taken again while the same vouchers are there: a payer
 * who takes his time loses nothing. False when exactly this cannot be set aside any more.
 */
export async function pinReservation(tx: Tx, pin: ReservationToPin): Promise<boolean> {
  if (!(await holdAgain(tx, pin))) return false;
  const { rowCount } = await tx.execute(sql`
    update voucher_reservation set expires_at_ms = ${pinnedUntilMs}
     where operator_id = ${pin.operatorId} and reservation_id = ${pin.reservationId}
       and order_id = ${pin.orderId} and member_id = ${pin.memberId}
       and voucher_fen = ${pin.voucherFen} and state = 'held'`);
  return rowCount === 1;
}

/** The charge is over without money: the clock runs again, so that the next attempt can have the same vouchers. */
export async function unpinReservation(
  tx: Tx,
  pin: Pick<ReservationToPin, 'operatorId' | 'reservationId'> & { readonly nowMs: number },
): Promise<void> {
  await tx.execute(sql`
    update voucher_reservation set expires_at_ms = ${pin.nowMs + reservationHoldMs}
     where operator_id = ${pin.operatorId} and reservation_id = ${pin.reservationId}
       and state = 'held' and expires_at_ms = ${pinnedUntilMs}`);
}
