import { fen } from '#shared/money/fen.ts';
import { basisPoints, shareFloor } from '#shared/money/rate.ts';

/** 预计: what the cloud will probably issue for this sale, in point-fen. Only the cloud issues. */
export const pointsEstimateFen = (sale: {
  readonly amountFen: number;
  readonly voucherFen: number;
  readonly concessionBp: number;
}): number => shareFloor(fen(sale.amountFen - sale.voucherFen), basisPoints(sale.concessionBp));
