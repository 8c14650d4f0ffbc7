import { err, type Result } from '#shared/result/result.ts';
import type { TillSale } from '#cloud/journal/projection/fold-entries.ts';
import { areRatesAgreed } from '#cloud/identity/merchant-rates.ts';
import { withSavepoint } from '#cloud/ledger/savepoint.ts';
import { bookPaidOrders, type BookError } from '#cloud/orders/book-paid-orders.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { wasFrozenAt } from '#cloud/review/frozen-member.ts';
import { commitReservation, type ReserveError } from '#cloud/vouchers/reservations.ts';

export type TillSaleError =
  { readonly type: 'concession-rate-invalid' | 'member-frozen' } | ReserveError | BookError;

/**
 * Books the sales that only the tills' journals tell of (cash, box POS, kept promises), spending
 * the vouchers that were set aside for them. All or nothing; after an error `tx` can be used
 * further. Vouchers of a member whose account was held when the sale was made are not spent
 * (member-frozen): the sale waits for people among the parked entries. One that was made before is
 * booked, also while the account is held.
 * Errors: concession-rate-invalid, member-frozen, those of the reservation, then those of {@link bookPaidOrders}.
 */
export async function bookTillSales(
  tx: Tx,
  sales: readonly TillSale[],
): Promise<Result<{ readonly booked: number }, TillSaleError>> {
  return withSavepoint<{ readonly booked: number }, TillSaleError>(tx, async (inner) => {
    const rates = sales.map(({ paid, ratedAtMs }) => ({ ...paid, atMs: ratedAtMs }));
    if (!(await areRatesAgreed(inner, rates))) return err({ type: 'concession-rate-invalid' });
    for (const { paid, reservationId, ratedAtMs } of sales) {
      if (paid.voucherFen === 0) continue;
      if (reservationId === undefined) return err({ type: 'voucher-reservation-invalid' });
      if (await wasFrozenAt(inner, { ...paid, atMs: ratedAtMs }))
        return err({ type: 'member-frozen' });
      const spent = await commitReservation(inner, { ...paid, reservationId });
      if (!spent.ok) return spent;
    }
    return bookPaidOrders(
      inner,
      sales.map(({ paid }) => paid),
    );
  });
}
