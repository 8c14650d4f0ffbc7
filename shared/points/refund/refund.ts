import { divFloor } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { shareFloor } from '#shared/money/rate.ts';
import { assert } from '#shared/result/assert.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import type { OrderTerms } from '#shared/points/issue/order-issue.ts';

/** What one refund inside the hold moves. All fen. */
export interface RefundStep {
  readonly cashRefundFen: Fen;
  readonly voucherRestoredFen: Fen;
  readonly concessionReturnedFen: Fen;
  readonly pointsBackEachSide: PointFen;
  readonly merchantGivesBackFen: Fen;
}

/** How one refund parts between money and vouchers. Both fen; together the gross part that goes back. */
export interface RefundSplit {
  readonly cashFen: Fen;
  readonly voucherFen: Fen;
}

type OrderAmounts = Pick<OrderTerms, 'amountFen' | 'voucherFen'>;

/**
 * The parts of a refund of `partFen` after `refundedFen` went back before (both gross): the money is
 * floor(refunded * N / A) of all that went back, less what of it went back before.
 */
export function refundSplit(
  order: OrderAmounts,
  refund: { readonly refundedFen: Fen; readonly partFen: Fen },
): RefundSplit {
  const { refundedFen, partFen } = refund;
  assert(partFen > 0, () => `a refund of ${partFen}`);
  const nextFen = fen(refundedFen + partFen);
  assert(nextFen <= order.amountFen, () => `${nextFen} of ${order.amountFen}`);
  const cashFen = fen(cashOf(order, nextFen) - cashOf(order, refundedFen));
  return { cashFen, voucherFen: fen(partFen - cashFen) };
}

/** The concession of an order of whose gross amount `refundedFen` went back. */
export const concessionAfter = (order: OrderTerms, refundedFen: Fen): Fen =>
  shareFloor(
    fen(order.amountFen - order.voucherFen - cashOf(order, refundedFen)),
    order.concessionBp,
  );

/**
 * One refund inside the hold (docs/points.md 2.9), recomputed from the sum refunded so far, so that many small refunds
 * end where one large refund ends.
 */
export function refundStep(
  order: OrderTerms,
  refund: { readonly refundedFen: Fen; readonly partFen: Fen },
): RefundStep {
  const { refundedFen, partFen } = refund;
  const { cashFen, voucherFen } = refundSplit(order, refund);
  const concessionReturnedFen = fen(
    concessionAfter(order, refundedFen) - concessionAfter(order, fen(refundedFen + partFen)),
  );
  return {
    cashRefundFen: cashFen,
    voucherRestoredFen: voucherFen,
    concessionReturnedFen,
    pointsBackEachSide: pointFen(concessionReturnedFen),
    merchantGivesBackFen: fen(partFen - concessionReturnedFen),
  };
}

/** {@link refundStep} for refunds in a row. `refundsFen` are gross parts of A, in order; their sum is at most A. */
export function refundSteps(
  order: OrderTerms,
  refundsFen: readonly Fen[],
): { readonly steps: readonly RefundStep[]; readonly concessionLeftFen: Fen } {
  const steps: RefundStep[] = [];
  let refundedFen = fen(0);
  for (const partFen of refundsFen) {
    steps.push(refundStep(order, { refundedFen, partFen }));
    refundedFen = fen(refundedFen + partFen);
  }
  return { steps, concessionLeftFen: concessionAfter(order, refundedFen) };
}

/** The cash part of a refunded sum: floor(g * N / A). */
const cashOf = ({ amountFen, voucherFen }: OrderAmounts, refundedFen: Fen): Fen =>
  fen(Number(divFloor(BigInt(refundedFen) * BigInt(amountFen - voucherFen), BigInt(amountFen))));
