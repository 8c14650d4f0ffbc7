import { divFloor, maxBig } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { wholeBp } from '#shared/money/rate.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';

/**
 * Rule R13: what a member may still be given this calendar month: 200% of his own net consumption of the month to
 * date, less what was released to him this month. Never below 0.
 */
export function monthlyCap(
  member: { readonly consumedFen: Fen; readonly releasedFen: Fen },
  config: PointsConfig,
): Fen {
  const consumed = maxBig(0n, BigInt(member.consumedFen));
  const whole = divFloor(consumed * BigInt(config.monthlyReleaseBp), BigInt(wholeBp));
  return fen(Number(maxBig(0n, whole - BigInt(member.releasedFen))));
}
