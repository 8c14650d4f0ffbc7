import { nonZeroLegs, type Journal } from '#cloud/ledger/posting.ts';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { SettlementSplit } from '#cloud/settlement/settlement-split.ts';
import { fen, negateFen, subtractFen } from '#shared/money/fen.ts';

/** The journals of one paid order. `sale` is absent only when there is nothing to book (see below). */
export interface OrderJournals {
  readonly sale: Journal | undefined;
  /** Voucher subsidy, empty without vouchers: redeemed, then handed over in both books. */
  readonly subsidy: readonly Journal[];
}

export const saleKey = (order: Pick<PaidOrder, 'orderId'>): string => `sale:${order.orderId}`;

/**
 * Journals of an order whose money is certain.
 * - Channel sale, merchant's book: the channel holds N; the same-day part is due now, C waits for the order to
 *   become final, the rest of the reserve for the end of the hold.
 * - Cash or box sale, merchant's book: the merchant owes C. A sale so small that C is 0 books nothing.
 * - Vouchers V: VO -> PI in the operator's book, then PI and its cash K leave it for the merchant's book, where V is
 *   due now and lies at the channel.
 */
export function orderJournals(order: PaidOrder, split: SettlementSplit): OrderJournals {
  return { sale: saleJournal(order, split), subsidy: subsidyJournals(order) };
}

function saleJournal(order: PaidOrder, split: SettlementSplit): Journal | undefined {
  const { concessionFen, sameDayFen, reserveFen } = split;
  if (order.source !== 'channel') {
    if (concessionFen === 0) return undefined;
    return merchantJournal(order, saleKey(order), `${order.source}-sale`, [
      { account: 'concession_receivable', amountFen: negateFen(concessionFen) },
      { account: 'concession_pending', amountFen: concessionFen },
    ]);
  }
  return merchantJournal(order, saleKey(order), 'channel-sale', [
    { account: 'channel_clearing', amountFen: negateFen(order.netFen) },
    { account: 'merchant_payable', amountFen: sameDayFen },
    { account: 'merchant_reserve', amountFen: subtractFen(reserveFen, concessionFen) },
    { account: 'concession_pending', amountFen: concessionFen },
  ]);
}

function subsidyJournals(order: PaidOrder): readonly Journal[] {
  const value = order.voucherFen;
  if (value === 0) return [];
  const minus = fen(-value);
  const key = `subsidy:${order.orderId}`;
  return [
    operatorJournal(order, `redeem:${order.orderId}`, 'voucher-redeem', [
      { account: 'voucher_outstanding', amountFen: minus },
      { account: 'payout_in_flight', amountFen: value },
    ]),
    operatorJournal(order, key, 'voucher-subsidy', [
      { account: 'payout_in_flight', amountFen: minus },
      { account: 'transit', amountFen: value },
      { account: 'ring_fenced_cash', amountFen: value },
      { account: 'transit_cash', amountFen: minus },
    ]),
    merchantJournal(order, key, 'voucher-subsidy', [
      { account: 'transit', amountFen: minus },
      { account: 'merchant_payable', amountFen: value },
      { account: 'transit_cash', amountFen: value },
      { account: 'channel_clearing', amountFen: minus },
    ]),
  ];
}

function merchantJournal(
  order: PaidOrder,
  idemKey: string,
  kind: string,
  legs: Journal['legs'],
): Journal {
  return { ...operatorJournal(order, idemKey, kind, legs), merchantId: order.merchantId };
}

const operatorJournal = (
  order: PaidOrder,
  idemKey: string,
  kind: string,
  legs: Journal['legs'],
): Journal => ({
  operatorId: order.operatorId,
  merchantId: null,
  idemKey,
  kind,
  eventAtMs: order.acceptedAtMs,
  legs: nonZeroLegs(legs),
});
