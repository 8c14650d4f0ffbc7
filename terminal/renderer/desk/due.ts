import { fen, subtractFen, type Fen } from '#shared/money/fen.ts';
import type { TillState } from '#terminal/ipc/state.ts';

/** What the customer still has to pay: the amount less what his vouchers cover, when he uses them. */
export function dueOf(till: Pick<TillState, 'draft'>): Fen {
  const { amountFen, voucherFen, useVoucher } = till.draft;
  return useVoucher ? subtractFen(fen(amountFen), fen(voucherFen)) : fen(amountFen);
}
