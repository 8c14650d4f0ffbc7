import { divCeil, divFloor, maxBig, minBig } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { wholeBp } from '#shared/money/rate.ts';
import { assert } from '#shared/result/assert.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';

export interface DailyLimitInput {
  /** Value still wanted by all accounts in this window. */
  readonly wantLeftFen: Fen;
  /** Days of the window that are left, this one included; 1..31. */
  readonly daysLeft: number;
  /** Net orders accepted that day less refunds booked that day; below 0 counts as 0. */
  readonly consumptionFen: Fen;
  readonly budgetLeftFen: Fen;
  readonly fundFreeFen: Fen;
}

export type DailyBinding = 'pace' | 'day-consumption' | 'budget' | 'fund';

/**
 * Rule R12, docs/points.md 2.7 step 4: the least of an even pace over the days left, half of the day's new consumption,
 * the period's budget and the fund. Never below 0.
 */
export function dailyLimit(
  input: DailyLimitInput,
  config: PointsConfig,
): { readonly limitFen: Fen; readonly binding: DailyBinding } {
  assert(input.daysLeft >= 1, () => `${input.daysLeft} days left`);
  const consumption = maxBig(0n, BigInt(input.consumptionFen));
  const bounds: readonly (readonly [DailyBinding, bigint])[] = [
    ['pace', divCeil(BigInt(input.wantLeftFen), BigInt(input.daysLeft))],
    ['day-consumption', divFloor(consumption * BigInt(config.dailyReleaseBp), BigInt(wholeBp))],
    ['budget', BigInt(input.budgetLeftFen)],
    ['fund', BigInt(input.fundFreeFen)],
  ];
  const least = bounds.reduce((min, [, bound]) => minBig(min, bound), bounds[0]![1]);
  const binding = bounds.find(([, bound]) => bound === least)![0];
  return { limitFen: fen(Number(maxBig(0n, least))), binding };
}
