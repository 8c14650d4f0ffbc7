import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import type { Reservation } from '#shared/wire/v1/members.ts';

/**
 * One member's wallet as the cloud keeps it: what is set aside belongs to one order, asking again for the same order
 * starts over, and a charge must name exactly what is set aside for it, with 90 s to spare.
 */
export function createScriptedVouchers({ walletFen }: { readonly walletFen: number }) {
  const held = new Map<string, Reservation>();
  let lifeMs = 300_000;
  let lastNumber = 0;

  const freeFen = (): number => {
    for (const [orderId, { expiresAtMs }] of held)
      if (expiresAtMs <= Date.now()) held.delete(orderId);
    return walletFen - [...held.values()].reduce((sum, one) => sum + one.voucherFen, 0);
  };

  return {
    /** undefined: nothing that could be used. */
    reserve: (request: { orderId: string; amountFen: number }): Reservation | undefined => {
      held.delete(request.orderId);
      const voucherFen = Math.min(freeFen(), request.amountFen >> 1);
      if (voucherFen <= 0) return undefined;
      lastNumber += 1;
      const expiresAtMs = Date.now() + lifeMs;
      const reservation = { reservationId: `rsv_${lastNumber}`, voucherFen, expiresAtMs };
      held.set(request.orderId, reservation);
      return reservation;
    },
    /** Does the charge carry what is set aside for it? */
    fits: (request: ChargeRequest): boolean => {
      if (request.voucherFen === 0) return request.reservationId === undefined;
      const mine = held.get(request.orderId);
      return (
        mine !== undefined &&
        mine.reservationId === request.reservationId &&
        mine.voucherFen === request.voucherFen &&
        mine.expiresAtMs >= Date.now() + 90_000
      );
    },
    /** Order ids for which something is set aside now. */
    heldFor: (): readonly string[] => [...held.keys()],
    /** How long what is set aside from now on lasts. */
    lifeMs: (ms: number): void => {
      lifeMs = ms;
    },
  };
}
