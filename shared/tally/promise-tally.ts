import { addFen, subtractFen, zeroFen } from '#shared/money/fen.ts';
import type { Order } from '#shared/order/order.ts';
import type { PromiseTally } from '#shared/wire/v1/terminals.ts';

/** 赊账 and static codes of one business day: never part of the turnover, so never in {@link dailyTally}. */
export function promiseTally(orders: readonly Order[], businessDate: string): PromiseTally {
  let [iouFen, staticCodeFen, keptFen, keptCashFen] = [zeroFen, zeroFen, zeroFen, zeroFen];
  let [openCount, keptCount] = [0, 0];
  for (const { state, tender, amountFen, voucherFen, businessDate: openedOn } of orders) {
    if (tender?.type !== 'promise') continue;
    const dueFen = subtractFen(amountFen, voucherFen);
    if (state === 'promised' && openedOn === businessDate) {
      openCount += 1;
      if (tender.kind === 'iou') iouFen = addFen(iouFen, dueFen);
      else staticCodeFen = addFen(staticCodeFen, dueFen);
    }
    if (state === 'promise-kept' && tender.kept?.businessDate === businessDate) {
      keptCount += 1;
      keptFen = addFen(keptFen, dueFen);
      if (tender.kept.how === 'cash') keptCashFen = addFen(keptCashFen, dueFen);
    }
  }
  return { iouFen, staticCodeFen, openCount, keptFen, keptCashFen, keptCount };
}
