import type { CustomerDisplay } from '#drivers/display/customer-display.ts';
import { fen, subtractFen, type Fen } from '#shared/money/fen.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { TillState } from '#terminal/ipc/state.ts';

/** What the customer sees on his side of the counter; null: nothing. */
export type CustomerFace = {
  readonly kind: 'total' | 'collect' | 'change';
  readonly amountFen: Fen;
} | null;

/**
 * The price while it is typed and while it is awaited (总计; what vouchers will cover is an
 * estimate until then), what was taken once a channel or a box said so (收款), his change after
 * cash (找零), and nothing at rest. An offline sale is not collected yet: it stays a total.
 */
export function customerFace({ draft, screen }: Pick<TillState, 'draft' | 'screen'>): CustomerFace {
  switch (screen.type) {
    case 'ready':
      // A coupon is certain: the cloud used it up for this sale.
      return totalOf(draft.amountFen - (draft.coupon?.isMet ? draft.coupon.offFen : 0));
    case 'paid':
    case 'box-paid':
      return {
        kind: 'collect',
        amountFen: subtractFen(fen(screen.amountFen), fen(screen.voucherFen)),
      };
    case 'cash':
      return { kind: 'change', amountFen: fen(screen.changeFen) };
    case 'box-waiting':
      return totalOf(subtractFen(fen(screen.amountFen), fen(screen.voucherFen)));
    case 'held':
    case 'waiting':
    case 'not-paid':
    case 'offline-accepted':
    case 'promised':
      return totalOf(screen.amountFen);
    default:
      return exhaustive(screen);
  }
}

/** Carries each state of the till to the display; the driver drops what does not change. */
export const createCustomerScreen =
  (display: () => CustomerDisplay | undefined): ((state: TillState) => void) =>
  (state) => {
    const face = customerFace(state);
    if (face) display()?.show(face);
    else display()?.clear();
  };

const totalOf = (amountFen: number): CustomerFace =>
  amountFen === 0 ? null : { kind: 'total', amountFen: fen(amountFen) };
