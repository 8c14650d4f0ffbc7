import { addFen, subtractFen, sumFen, zeroFen, type Fen } from '#shared/money/fen.ts';
import { tallyBucket } from '#shared/order/order-machine.ts';
import type { Order, TallyBucket } from '#shared/order/order.ts';
import { assert } from '#shared/result/assert.ts';
import { shanghaiHour } from '#shared/time/business-day.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';

export type TallyTender = Wallet | 'cash' | 'box-pos' | 'member-code' | 'promise';

/** What orders add up to. Amounts are gross, before vouchers, so that the four sums make the turnover. */
export interface DailyTally {
  /** 已到账 */
  readonly settledFen: Fen;
  /** 现金 */
  readonly cashFen: Fen;
  /** 离线记账 */
  readonly offlineFen: Fen;
  /** 待确认 */
  readonly pendingFen: Fen;
  /** The four together. */
  readonly turnoverFen: Fen;
  /** Orders that count in one of the four. */
  readonly orderCount: number;
  /** Paid by vouchers; part of the sums above. */
  readonly voucherFen: Fen;
  /** What cash sales put into the drawer: cashFen without vouchers. */
  readonly drawerFen: Fen;
  /** Hours of the Shanghai day in which something was sold, 0..23, ascending; `scanFen` is all that is not cash. */
  readonly byHour: readonly {
    readonly hour: number;
    readonly scanFen: Fen;
    readonly cashFen: Fen;
  }[];
  /** The tenders in use, largest amount first. */
  readonly byTender: readonly {
    readonly tender: TallyTender;
    readonly count: number;
    readonly amountFen: Fen;
  }[];
}

/** Folds the orders of one business day (the caller chooses them). Their order does not matter. */
export function dailyTally(orders: readonly Order[]): DailyTally {
  const sums: Record<TallyBucket, Fen> = {
    settled: zeroFen,
    cash: zeroFen,
    offline: zeroFen,
    pending: zeroFen,
  };
  const hours = new Map<number, { scanFen: Fen; cashFen: Fen }>();
  const tenders = new Map<TallyTender, { count: number; amountFen: Fen }>();
  let [orderCount, voucherFen, drawerFen] = [0, zeroFen, zeroFen];
  for (const order of orders) {
    const bucket = tallyBucket(order.state);
    if (bucket === undefined) continue;
    const { amountFen } = order;
    orderCount += 1;
    sums[bucket] = addFen(sums[bucket], amountFen);
    voucherFen = addFen(voucherFen, order.voucherFen);
    const isCash = bucket === 'cash';
    if (isCash) drawerFen = addFen(drawerFen, subtractFen(amountFen, order.voucherFen));
    const hour = shanghaiHour(order.openedAtMs);
    const atHour = hours.get(hour) ?? { scanFen: zeroFen, cashFen: zeroFen };
    const column = isCash ? 'cashFen' : 'scanFen';
    hours.set(hour, { ...atHour, [column]: addFen(atHour[column], amountFen) });
    const tender = tenderOf(order);
    const ofTender = tenders.get(tender) ?? { count: 0, amountFen: zeroFen };
    tenders.set(tender, {
      count: ofTender.count + 1,
      amountFen: addFen(ofTender.amountFen, amountFen),
    });
  }
  return {
    settledFen: sums.settled,
    cashFen: sums.cash,
    offlineFen: sums.offline,
    pendingFen: sums.pending,
    turnoverFen: sumFen([sums.settled, sums.cash, sums.offline, sums.pending]),
    orderCount,
    voucherFen,
    drawerFen,
    byHour: [...hours].map(([hour, sum]) => ({ hour, ...sum })).toSorted((a, b) => a.hour - b.hour),
    byTender: [...tenders]
      .map(([tender, sum]) => ({ tender, ...sum }))
      .toSorted((a, b) => b.amountFen - a.amountFen || a.tender.localeCompare(b.tender)),
  };
}

function tenderOf({ tender, orderId, state }: Order): TallyTender {
  assert(tender !== undefined, () => `${orderId} is ${state} without a tender`);
  return tender.type === 'wallet' ? tender.wallet : tender.type;
}
