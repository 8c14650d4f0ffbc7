import { addFen, zeroFen, type Fen } from '#shared/money/fen.ts';
import type { OrderRefund, RefundHow } from '#shared/order/order.ts';
import type { RefundTally } from '#shared/wire/v1/terminals.ts';

/** A refund, or some of one kind taken together. */
export type RefundSum = Pick<OrderRefund, 'cashFen' | 'voucherFen'> & {
  readonly how: RefundHow;
  readonly count: number;
};

/**
 * What went back on one business day, by the way it went: a line of its own beside the turnover, which stays what was
 * sold. The caller chooses the refunds that are done and were asked for on the day. Their order does not matter.
 */
export function refundTally(refunds: readonly RefundSum[]): RefundTally {
  const sums: Record<RefundHow, Fen> = {
    channel: zeroFen,
    cash: zeroFen,
    'box-slip': zeroFen,
    'own-account': zeroFen,
  };
  let [voucherFen, count] = [zeroFen, 0];
  for (const refund of refunds) {
    sums[refund.how] = addFen(sums[refund.how], refund.cashFen);
    voucherFen = addFen(voucherFen, refund.voucherFen);
    count += refund.count;
  }
  return {
    channelFen: sums.channel,
    cashFen: sums.cash,
    boxSlipFen: sums['box-slip'],
    ...(sums['own-account'] > 0 ? { ownAccountFen: sums['own-account'] } : {}),
    voucherFen,
    count,
  };
}
