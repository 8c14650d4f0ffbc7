import { clampBig, divFloor, maxBig, minBig } from '#shared/money/exact.ts';
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
  /** What the horizon bears, from forecastBoundBp; undefined: too little is known, the hard bound stands alone. */
  readonly forecastBp: bigint | undefined;
}

/**
 * What fixed the multiplier: `coverage` the hard bound, `forecast` the horizon under it, `maximum` and `minimum` the
 * ends of the legal range (`minimum`: the forecast alone would be lower, and the hard bound bears the minimum),
 * `coverage-below-minimum`: not even the minimum is borne for all that is due, so fewer points are released.
 */
export type PlanBinding =
  'nothing-due' | 'coverage' | 'forecast' | 'maximum' | 'minimum' | 'coverage-below-minimum';

export interface ControllerPlan {
  /** The hard bound floor((F - kappa*(X-D)) / D) in basis points; may be negative. */
  readonly rawBp: bigint;
  readonly multBp: BasisPoints;
  readonly budgetFen: Fen;
  readonly binding: PlanBinding;
}

/**
 * The multiplier and the budget of one open period (docs/points.md 2.6, rule R8). The hard bound: after releasing
 * everything due at this multiplier the fund still covers kappa of what remains (invariant I2). The forecast bound may
 * lower it and never raises it: the least of both counts. Under the minimum multiplier fewer points are released, not
 * cheaper ones.
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
  const borneBp = input.forecastBp === undefined ? rawBp : minBig(rawBp, input.forecastBp);
  const mult = clampBig(borneBp, low, high);
  const budget =
    rawBp >= low
      ? divFloor(due * mult, whole)
      : maxBig(0n, divFloor((whole * fund - kappa * unreleased) * low, whole * (low - kappa)));
  return {
    rawBp,
    multBp: basisPoints(Number(mult)),
    budgetFen: fen(Number(budget)),
    binding: bindingOf({ rawBp, borneBp, low, high }),
  };
}

function bindingOf(bounds: {
  readonly rawBp: bigint;
  readonly borneBp: bigint;
  readonly low: bigint;
  readonly high: bigint;
}): PlanBinding {
  const { rawBp, borneBp, low, high } = bounds;
  if (rawBp < low) return 'coverage-below-minimum';
  if (borneBp > high) return 'maximum';
  if (borneBp < low) return 'minimum';
  return borneBp < rawBp ? 'forecast' : 'coverage';
}
