import { fen, subtractFen, type Fen } from '#shared/money/fen.ts';
import type { TillState } from '#terminal/ipc/state.ts';

/**
 * What the customer still has to pay: the amount less a coupon of the shop, less what his vouchers
 * cover, when he uses them.
 */
export function dueOf(till: Pick<TillState, 'draft'>): Fen {
  const { amountFen, voucherFen, useVoucher, coupon } = till.draft;
  const leftFen = subtractFen(fen(amountFen), fen(coupon?.isMet ? coupon.offFen : 0));
  return useVoucher ? subtractFen(leftFen, fen(voucherFen)) : leftFen;
}
