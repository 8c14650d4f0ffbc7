import { addFen, fen, subtractFen, type Fen } from '#shared/money/fen.ts';
import type { TillState } from '#terminal/ipc/state.ts';
import { amountOfEntry, type AmountEntry } from '../input/amount-entry.ts';

/**
 * What the customer still has to pay: the amount less a coupon of the shop, less what his vouchers
 * cover, when he uses them.
 */
export function dueOf(till: Pick<TillState, 'draft'>): Fen {
  const { amountFen, voucherFen, useVoucher, coupon } = till.draft;
  const leftFen = subtractFen(fen(amountFen), fen(coupon?.isMet ? coupon.offFen : 0));
  return useVoucher ? subtractFen(leftFen, fen(voucherFen)) : leftFen;
}

/** What is typed, as the agent has it: all of the amount, or what stands beside the goods. */
export const typedFenOf = ({ draft }: Pick<TillState, 'draft'>): number =>
  draft.goods?.typedFen ?? draft.amountFen;

/** What the sale comes to with what is being typed, whether or not the agent has heard of the last digit. */
export const totalFenOf = (entry: AmountEntry, till: Pick<TillState, 'draft'>): Fen =>
  addFen(amountOfEntry(entry), subtractFen(fen(till.draft.amountFen), fen(typedFenOf(till))));
