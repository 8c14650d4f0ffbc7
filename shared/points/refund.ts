import { divFloor } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { shareFloor } from '#shared/money/rate.ts';
import { assert } from '#shared/result/assert.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import type { OrderTerms } from '#shared/points/order-issue.ts';

/** What one refund inside the hold moves. All fen. */
export interface RefundStep {
  readonly cashRefundFen: Fen;
  readonly voucherRestoredFen: Fen;
  readonly concessionReturnedFen: Fen;
  readonly pointsBackEachSide: PointFen;
  readonly merchantGivesBackFen: Fen;
}

/**
 * Refunds inside the hold (docs/points.md 2.9): everything is recomputed from the sum refunded so far, so that many
 * small refunds end where one large refund ends. `refundsFen` are gross parts of A, in order; their sum is at most A.
 */
export function refundSteps(
  order: OrderTerms,
  refundsFen: readonly Fen[],
): { readonly steps: readonly RefundStep[]; readonly concessionLeftFen: Fen } {
  const netFen = fen(order.amountFen - order.voucherFen);
  const concessionOf = (cash: Fen): Fen => shareFloor(fen(netFen - cash), order.concessionBp);
  const steps: RefundStep[] = [];
  let [refundedFen, cashFen] = [fen(0), fen(0)];
  for (const partFen of refundsFen) {
    assert(partFen > 0, () => `a refund of ${partFen}`);
    const nextRefundedFen = fen(refundedFen + partFen);
    assert(nextRefundedFen <= order.amountFen, () => `${nextRefundedFen} of ${order.amountFen}`);
    const nextCashFen = cashOf(nextRefundedFen, netFen, order.amountFen);
    const cashRefundFen = fen(nextCashFen - cashFen);
    const concessionReturnedFen = fen(concessionOf(cashFen) - concessionOf(nextCashFen));
    steps.push({
      cashRefundFen,
      voucherRestoredFen: fen(partFen - cashRefundFen),
      concessionReturnedFen,
      pointsBackEachSide: pointFen(concessionReturnedFen),
      merchantGivesBackFen: fen(partFen - concessionReturnedFen),
    });
    [refundedFen, cashFen] = [nextRefundedFen, nextCashFen];
  }
  return { steps, concessionLeftFen: concessionOf(cashFen) };
}

/** The cash part of a refunded sum: floor(g * N / A). */
const cashOf = (refundedFen: Fen, netFen: Fen, amountFen: Fen): Fen =>
  fen(Number(divFloor(BigInt(refundedFen) * BigInt(netFen), BigInt(amountFen))));
