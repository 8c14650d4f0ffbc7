import { clampBig, divCeil, divFloor } from '#shared/money/exact.ts';
import { basisPoints, wholeBp, type BasisPoints } from '#shared/money/rate.ts';

/** Distinct merchants in 90 days that give the full purchase score. */
export const scoreMerchantsFull = 5;

/**
 * docs/points.md 2.7 step 2: par for everybody, the part above 1.0 only by the score of real purchases:
 * m_u = 1 + floor((m - 1) * score). A multiplier at or under 1 is the same for all.
 */
export function accountMultiplier(multBp: BasisPoints, scoreBp: BasisPoints): BasisPoints {
  if (multBp <= wholeBp) return multBp;
  const bonus = divFloor(BigInt(multBp - wholeBp) * BigInt(scoreBp), BigInt(wholeBp));
  return basisPoints(wholeBp + Number(bonus));
}

/**
 * The lowest score that gives an account this multiplier of the period's; undefined at or under
 * par: then all are alike.
 */
export function scoreOfMultiplier(
  multBp: BasisPoints,
  accountBp: BasisPoints,
): BasisPoints | undefined {
  if (multBp <= wholeBp) return undefined;
  const [whole, bonus] = [BigInt(wholeBp), BigInt(multBp - wholeBp)];
  return basisPoints(Number(divCeil(BigInt(accountBp - wholeBp) * whole, bonus)));
}

/**
 * min(1, distinct merchants in 90 days / 5) * clamp(2 * (1 - share of the top merchant)), in basis points.
 * Shopping at one place only scores 0.
 */
export function purchaseScore(purchases: {
  readonly merchants: number;
  readonly topMerchantFen: bigint;
  readonly totalFen: bigint;
}): BasisPoints {
  const whole = BigInt(wholeBp);
  if (purchases.totalFen <= 0n) return basisPoints(0);
  const variety = clampBig(
    divFloor(BigInt(purchases.merchants) * whole, BigInt(scoreMerchantsFull)),
    0n,
    whole,
  );
  const spread = clampBig(
    divFloor(2n * whole * (purchases.totalFen - purchases.topMerchantFen), purchases.totalFen),
    0n,
    whole,
  );
  return basisPoints(Number(divFloor(variety * spread, whole)));
}
