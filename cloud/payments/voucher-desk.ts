import { ok } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import type { VoucherPort } from '#cloud/payments/voucher-port.ts';
import { keepUnfrozen, mayUseVouchers } from '#cloud/review/voucher-guard.ts';
import { pinReservation, unpinReservation } from '#cloud/vouchers/pin-reservation.ts';
import {
  commitReservation,
  releaseReservation,
  reserveVouchers,
} from '#cloud/vouchers/reservations.ts';

/** The vouchers room as taking money sees it. */
export const createVoucherDesk = (): VoucherPort => ({
  // One that lapsed is taken again by a charge: not when the account has been held since.
  pin: async (tx, part) => (await keepUnfrozen(tx, part)) && (await pinReservation(tx, part)),
  unpin: unpinReservation,
  commit: async (tx, part) => {
    const committed = await commitReservation(tx, part);
    return committed.ok ? ok(undefined) : committed;
  },
  release: async (tx, part) => {
    await releaseReservation(tx, part);
  },
  reserve: async (tx, order) => {
    const allowed = await mayUseVouchers(tx, order);
    if (!allowed.ok) return { refused: allowed.error.type };
    const reserved = await reserveVouchers(tx, { ...order, today: accountingDate(order.nowMs) });
    return reserved.ok ? reserved.value : undefined;
  },
});
