import { nonZeroLegs, type Journal, type Leg } from '#cloud/ledger/posting.ts';
import { owesConcession, type SaleSource } from '#cloud/orders/paid-order.ts';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import { divFloor } from '#shared/money/exact.ts';
import { fen, minFen, negateFen, subtractFen, zeroFen, type Fen } from '#shared/money/fen.ts';
import { shareFloor, type BasisPoints } from '#shared/money/rate.ts';
import { assert } from '#shared/result/assert.ts';

/** A settlement line with what refunds took back of it so far. All fen. */
export interface RefundedLine {
  readonly source: SaleSource;
  readonly isHeld: boolean;
  readonly amountFen: Fen;
  readonly voucherFen: Fen;
  readonly netFen: Fen;
  readonly concessionBp: BasisPoints;
  readonly concessionFen: Fen;
  readonly sameDayFen: Fen;
  readonly reserveFen: Fen;
  readonly collectedFen: Fen;
  readonly refundedFen: Fen;
  readonly refundedNetFen: Fen;
  readonly returnedConcessionFen: Fen;
  readonly returnedSameDayFen: Fen;
  readonly returnedReserveFen: Fen;
}

export interface RefundParts {
  readonly amountFen: Fen;
  readonly cashFen: Fen;
  readonly voucherFen: Fen;
}

/** What one refund takes back of a line. All fen; `concessionBeforeFen` and `…AfterFen` are what its points follow. */
export interface RefundPlan {
  readonly concessionFen: Fen;
  readonly sameDayFen: Fen;
  readonly reserveFen: Fen;
  /** Concession that had been collected already of a cash sale, and is due to the merchant again. */
  readonly collectedBackFen: Fen;
  readonly concessionBeforeFen: Fen;
  readonly concessionAfterFen: Fen;
}

/**
 * Recomputes a line on what is left of its net (docs/points.md 2.9), so that refunds in parts end
 * where one refund of the whole ends. After the hold nothing but the money moves: the concession
 * went down the waterfall and stays there (`refund.afterHold` none). Pure.
 */
export function planRefund(line: RefundedLine, { amountFen, cashFen }: RefundParts): RefundPlan {
  assert(
    line.refundedFen + amountFen <= line.amountFen && line.refundedNetFen + cashFen <= line.netFen,
    () => `a refund of ${amountFen} above what is left of ${line.amountFen}`,
  );
  const restBeforeFen = subtractFen(line.netFen, line.refundedNetFen);
  const restFen = subtractFen(restBeforeFen, cashFen);
  const concessionBeforeFen = shareFloor(restBeforeFen, line.concessionBp);
  const concessionAfterFen = shareFloor(restFen, line.concessionBp);
  const points = { concessionBeforeFen, concessionAfterFen };
  if (!line.isHeld)
    return {
      concessionFen: zeroFen,
      sameDayFen: zeroFen,
      reserveFen: zeroFen,
      collectedBackFen: zeroFen,
      ...points,
    };
  const concessionFen = subtractFen(concessionBeforeFen, concessionAfterFen);
  if (owesConcession(line.source)) {
    const keptFen = minFen(line.collectedFen, concessionAfterFen);
    return {
      concessionFen,
      sameDayFen: zeroFen,
      reserveFen: zeroFen,
      collectedBackFen: subtractFen(line.collectedFen, keptFen),
      ...points,
    };
  }
  const sameDayAfterFen = fen(
    Number(divFloor(BigInt(line.sameDayFen) * BigInt(restFen), BigInt(line.netFen))),
  );
  const sameDayFen = fen(line.sameDayFen - line.returnedSameDayFen - sameDayAfterFen);
  return {
    concessionFen,
    sameDayFen,
    reserveFen: subtractFen(cashFen, sameDayFen),
    collectedBackFen: zeroFen,
    ...points,
  };
}

export interface RefundToBook extends RefundParts {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  readonly refundNo: number;
  readonly atMs: number;
}

/**
 * The journals of one refund, keyed by order and number.
 * - Money, merchant's book: what the channel gave back comes out of what the sale put in; after the
 *   hold the merchant bears all of it, and may owe it (a negative merchant_payable). Of a cash or
 *   box sale only the owed concession shrinks.
 * - Vouchers: back from the merchant's subsidy into the wallet, K and VO grow together.
 * - `commissionFen`: agents' commission on what went back after finality; it goes to the contingency.
 * - `cancelledFen`: vouchers that a claw-back of points cancelled; their backing returns to the fund.
 */
export function refundJournals(
  refund: RefundToBook,
  line: Pick<RefundedLine, 'source' | 'isHeld'>,
  booked: RefundPlan & { readonly commissionFen: Fen; readonly cancelledFen: Fen },
): readonly Journal[] {
  const { voucherFen } = refund;
  const { commissionFen, cancelledFen } = booked;
  const journal = (merchantId: MerchantId | null, kind: string, legs: readonly Leg[]): Journal => ({
    operatorId: refund.operatorId,
    merchantId,
    idemKey: `${kind}:${refund.orderId}:${refund.refundNo}`,
    kind,
    eventAtMs: refund.atMs,
    legs: nonZeroLegs(legs),
  });
  return [
    journal(refund.merchantId, 'refund', moneyLegs(refund, line, booked)),
    journal(refund.merchantId, 'voucher-return', [
      { account: 'transit', amountFen: voucherFen },
      { account: 'merchant_payable', amountFen: negateFen(voucherFen) },
      { account: 'transit_cash', amountFen: negateFen(voucherFen) },
      { account: 'channel_clearing', amountFen: voucherFen },
    ]),
    journal(null, 'voucher-return', [
      { account: 'transit', amountFen: negateFen(voucherFen) },
      { account: 'voucher_outstanding', amountFen: voucherFen },
      { account: 'transit_cash', amountFen: voucherFen },
      { account: 'ring_fenced_cash', amountFen: negateFen(voucherFen) },
    ]),
    journal(null, 'refund-commission', [
      { account: 'agent_payable', amountFen: negateFen(commissionFen) },
      { account: 'contingency', amountFen: commissionFen },
    ]),
    journal(null, 'voucher-clawback', [
      { account: 'voucher_outstanding', amountFen: negateFen(cancelledFen) },
      { account: 'fund_free', amountFen: cancelledFen },
    ]),
  ].filter(({ legs }) => legs.length > 0);
}

function moneyLegs(
  { cashFen }: RefundToBook,
  line: Pick<RefundedLine, 'source' | 'isHeld'>,
  plan: RefundPlan,
): readonly Leg[] {
  if (owesConcession(line.source))
    return [
      { account: 'concession_pending', amountFen: negateFen(plan.concessionFen) },
      {
        account: 'concession_receivable',
        amountFen: subtractFen(plan.concessionFen, plan.collectedBackFen),
      },
      { account: 'merchant_payable', amountFen: plan.collectedBackFen },
    ];
  if (!line.isHeld)
    return [
      { account: 'channel_clearing', amountFen: cashFen },
      { account: 'merchant_payable', amountFen: negateFen(cashFen) },
    ];
  return [
    { account: 'channel_clearing', amountFen: cashFen },
    { account: 'merchant_payable', amountFen: negateFen(plan.sameDayFen) },
    { account: 'merchant_reserve', amountFen: subtractFen(plan.concessionFen, plan.reserveFen) },
    { account: 'concession_pending', amountFen: negateFen(plan.concessionFen) },
  ];
}
