import { wholeBp } from '#shared/money/rate.ts';
import type { Fen } from '#shared/money/fen.ts';
import type { PointFen } from '#shared/points/point-fen.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';

/** What the bound over the horizon is made of. */
export interface HorizonInput {
  /** F, X and D at this close, as for the hard bound. */
  readonly fundFen: Fen;
  readonly unreleasedPoints: PointFen;
  readonly duePoints: PointFen;
  /** What the running lots will give at the next closes: one entry per coming period, the next one first. */
  readonly scheduledPoints: readonly number[];
  /** Concession foreseen to enter in the coming periods, point-fen: the low path of the forecast. */
  readonly concessionPath: readonly number[];
  /** Periods of the lots that will begin. */
  readonly nBase: number;
}

/**
 * The forecast bound in basis points (docs/points.md 2.6): the least over h = 1..H of
 *   m_h = (F + f*sum C_<h - kappa*(X + (1+r)*sum C_<h - sum D_<=h)) / sum D_<=h,
 * with f the fund's part, r the referral and D_h what comes due at close h. It is the largest multiplier that every
 * period of the horizon could have alike (max-min fair, leximin): nobody in it gets less so that an earlier one gets
 * more. h = 1 is the hard bound itself. Truncated to basis points; undefined when nothing comes due in the horizon, or
 * when the horizon is one period.
 */
export function forecastBoundBp(input: HorizonInput, config: PointsConfig): bigint | undefined {
  const [kappa, fundShare, points] = [
    config.coverageBp / wholeBp,
    config.fundMinBp / wholeBp,
    1 + config.referralBp / wholeBp,
  ];
  const periods = Math.min(config.plannerHorizon, 1 + input.concessionPath.length);
  let [entered, due, least] = [0, Number(input.duePoints), Infinity];
  for (let h = 2; h <= periods; h += 1) {
    entered += input.concessionPath[h - 2]!;
    due += (input.scheduledPoints[h - 2] ?? 0) + (points * entered) / input.nBase;
    if (due <= 0) continue;
    const fund = input.fundFen + fundShare * entered;
    const left = Math.max(0, input.unreleasedPoints + points * entered - due);
    least = Math.min(least, (fund - kappa * left) / due);
  }
  return least === Infinity ? undefined : BigInt(Math.floor(least * wholeBp));
}
