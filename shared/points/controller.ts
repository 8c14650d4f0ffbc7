import { clampBig, divFloor, maxBig } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { basisPoints, wholeBp, type BasisPoints } from '#shared/money/rate.ts';
import { assert } from '#shared/result/assert.ts';
import type { PointFen } from '#shared/points/point-fen.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';

export interface ControllerInput {
  /** F: free fund, final concession already collected and not yet bound. */
  readonly fundFen: Fen;
  /** X: unreleased consumer-side points. */
  readonly unreleasedPoints: PointFen;
  /** D: sum of the positive dues; 0..X. */
  readonly duePoints: PointFen;
}

export interface ControllerPlan {
  /** The hard bound floor((F - kappa*(X-D)) / D) in basis points; may be negative. */
  readonly rawBp: bigint;
  readonly multBp: BasisPoints;
  readonly budgetFen: Fen;
  readonly binding: 'nothing-due' | 'coverage' | 'maximum' | 'coverage-below-minimum';
}

/**
 * The multiplier and the budget of one open period (docs/points.md 2.6, rule R8). It is the hard bound: after releasing
 * everything due at this multiplier the fund still covers kappa of what remains (invariant I2). Under the minimum
 * multiplier fewer points are released, not cheaper ones.
 * The forecast bound may only lower this result and is not computed here.
 */
export function planMultiplier(input: ControllerInput, config: PointsConfig): ControllerPlan {
  const [fund, unreleased, due] = [
    BigInt(input.fundFen),
    BigInt(input.unreleasedPoints),
    BigInt(input.duePoints),
  ];
  assert(
    fund >= 0n && due >= 0n && due <= unreleased,
    () => `fund ${fund}, due ${due} of ${unreleased}`,
  );
  const [whole, kappa] = [BigInt(wholeBp), BigInt(config.coverageBp)];
  const [low, high] = [BigInt(config.multMinBp), BigInt(config.multMaxBp)];
  if (due === 0n)
    return { rawBp: 0n, multBp: config.multMinBp, budgetFen: fen(0), binding: 'nothing-due' };
  const rawBp = divFloor(whole * fund - kappa * (unreleased - due), due);
  const mult = clampBig(rawBp, low, high);
  const budget =
    rawBp >= low
      ? divFloor(due * mult, whole)
      : maxBig(0n, divFloor((whole * fund - kappa * unreleased) * low, whole * (low - kappa)));
  return {
    rawBp,
    multBp: basisPoints(Number(mult)),
    budgetFen: fen(Number(budget)),
    binding: rawBp < low ? 'coverage-below-minimum' : rawBp > high ? 'maximum' : 'coverage',
  };
}
