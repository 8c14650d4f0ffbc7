import { divFloor } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { shareFloor, wholeBp, type BasisPoints } from '#shared/money/rate.ts';
import { splitByRate } from '#shared/money/split.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { pointFen, pointsOfConcession, type PointFen } from '#shared/points/point-fen.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';

export interface OrderTerms {
  /** Gross price A, fen, above 0. */
  readonly amountFen: Fen;
  /** Paid by vouchers V, 0..A. */
  readonly voucherFen: Fen;
  /** The merchant's rate r; legal inside concessionMinBp..concessionMaxBp. */
  readonly concessionBp: BasisPoints;
}

/** What one paid order issues and how its money divides. All fen. */
export interface OrderIssue {
  readonly netFen: Fen;
  readonly concessionFen: Fen;
  readonly consumerPoints: PointFen;
  readonly merchantPoints: PointFen;
  /** floor(80% of N) + V: all that the merchant gets the same day. */
  readonly sameDayFen: Fen;
  readonly reserveFen: Fen;
  /** V, the part of the same day that the fund's vouchers pay. */
  readonly voucherPayoutFen: Fen;
  readonly afterHoldFen: Fen;
  readonly merchantTotalFen: Fen;
}

export type OrderIssueError =
  | { readonly type: 'concession-out-of-range'; readonly minBp: number; readonly maxBp: number }
  | { readonly type: 'voucher-share-exceeded'; readonly voucherFenMax: Fen };

/**
 * One order (rules R1-R4, R17-R19, docs/points.md 2.4): N = A - V, C = floor(N*r), both sides get C points, the
 * merchant gets floor(80% of N) and V the same day; the odd fen stays in the reserve.
 * Errors in this order: the rate, then the voucher share.
 */
export function issueOrder(
  order: OrderTerms,
  config: PointsConfig,
): Result<OrderIssue, OrderIssueError> {
  const { amountFen, voucherFen, concessionBp } = order;
  assert(amountFen > 0 && voucherFen >= 0, () => `order of ${amountFen} with ${voucherFen}`);
  if (concessionBp < config.concessionMinBp || concessionBp > config.concessionMaxBp)
    return err({
      type: 'concession-out-of-range',
      minBp: config.concessionMinBp,
      maxBp: config.concessionMaxBp,
    });
  const voucherMax = voucherFenMax(amountFen, config);
  if (voucherFen > voucherMax)
    return err({ type: 'voucher-share-exceeded', voucherFenMax: voucherMax });
  const netFen = fen(amountFen - voucherFen);
  const concessionFen = shareFloor(netFen, concessionBp);
  const { shareFen: immediateFen, restFen: reserveFen } = splitByRate(
    netFen,
    config.settleImmediateBp,
  );
  const sameDayFen = fen(immediateFen + voucherFen);
  // Invariant I3: ceil(N/5) >= floor(N*r) for r <= 20%, so the reserve always covers the concession.
  assert(
    concessionFen <= reserveFen,
    () => `concession ${concessionFen} over reserve ${reserveFen}`,
  );
  const afterHoldFen = fen(reserveFen - concessionFen);
  return ok({
    netFen,
    concessionFen,
    consumerPoints: pointsOfConcession(concessionFen),
    merchantPoints: merchantPointsOf(concessionFen, config),
    sameDayFen,
    reserveFen,
    voucherPayoutFen: voucherFen,
    afterHoldFen,
    merchantTotalFen: fen(sameDayFen + afterHoldFen),
  });
}

/** The most that vouchers may pay of an order: floor(share * A), rule R17. */
export const voucherFenMax = (amountFen: Fen, config: PointsConfig): Fen =>
  shareFloor(amountFen, config.voucherMaxShareBp);

/** Rule R4: the merchant's side of the points. */
export const merchantPointsOf = (concessionFen: Fen, config: PointsConfig): PointFen =>
  pointFen(divFloor(BigInt(concessionFen) * BigInt(config.merchantShareBp), BigInt(wholeBp)));
