import { divFloor, maxBig, minBig } from '#shared/money/exact.ts';
import type { Fen } from '#shared/money/fen.ts';
import { wholeBp, type BasisPoints } from '#shared/money/rate.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { PointFen } from '#shared/points/point-fen.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';

/**
 * A correction of a posted run for one member: `give` value that he should have had, for due
 * points; `take` back what he should not have had, out of his unspent vouchers, and give the points
 * back.
 */
export interface Adjustment {
  readonly kind: 'give' | 'take';
  /** Voucher value, above 0. */
  readonly valueFen: Fen;
  /** Points used up (give: at least what the value is worth) or restored (take: at most that). */
  readonly points: PointFen;
}

/** What stands when the second person agrees. */
export interface AdjustmentState {
  readonly fundFen: Fen;
  /** X as a close covers it. */
  readonly unreleasedPoints: PointFen;
  /** What the window of a newer close may still release, and the least points that this uses up: promised out of F. */
  readonly promisedFen: Fen;
  readonly promisedPoints: PointFen;
  /** The run that is corrected. */
  readonly gateOpen: boolean;
  readonly multBp: BasisPoints;
  /** What the period's runs and adjustments left of its budget. */
  readonly budgetLeftFen: Fen;
  /**
   * What the run's day may still have: its share of consumption less what was released for it,
   * adjustments included.
   */
  readonly dayLeftFen: Fen;
  readonly member: {
    readonly isActive: boolean;
    readonly duePoints: PointFen;
    readonly releasedPoints: PointFen;
    /** What his own cap of the present calendar month leaves. */
    readonly monthLeftFen: Fen;
    /** Vouchers that he can still spend. */
    readonly unspentFen: Fen;
  };
}

/** Which rule an adjustment would break. */
export type AdjustmentRule =
  | 'account-not-active'
  | 'gate-closed'
  | 'above-multiplier'
  | 'above-due'
  | 'budget'
  | 'day-consumption'
  | 'fund'
  | 'month-cap'
  | 'unspent-vouchers'
  | 'never-released'
  | 'coverage';

export interface AdjustmentError {
  readonly type: 'adjustment-refused';
  readonly rule: AdjustmentRule;
  /** The most that the rule bears, in its own unit. */
  readonly most: number;
}

/** An adjustment keeps every law that a run keeps: I1, I2 and I4 to I6. Answers the first rule that it would break. */
export function judgeAdjustment(
  change: Adjustment,
  state: AdjustmentState,
  config: PointsConfig,
): Result<Adjustment, AdjustmentError> {
  const broken = (change.kind === 'give' ? giveRules : takeRules)(change, state, config).find(
    ([, value, most]) => value > most,
  );
  if (broken === undefined) return ok(change);
  return err({ type: 'adjustment-refused', rule: broken[0], most: Number(broken[2]) });
}

/** The rule, what the adjustment needs of it, and the most that it bears. */
type Rule = readonly [rule: AdjustmentRule, value: bigint, most: bigint];

function giveRules(
  { valueFen, points }: Adjustment,
  state: AdjustmentState,
  config: PointsConfig,
): readonly Rule[] {
  const { member, fundFen, unreleasedPoints } = state;
  const value = BigInt(valueFen);
  const worth = divFloor(BigInt(points) * BigInt(state.multBp), BigInt(wholeBp));
  return [
    ['account-not-active', 1n, member.isActive ? 1n : 0n],
    ['gate-closed', 1n, state.gateOpen ? 1n : 0n],
    ['above-multiplier', value, worth],
    ['above-due', BigInt(points), maxBig(0n, BigInt(member.duePoints))],
    ['budget', value, BigInt(state.budgetLeftFen)],
    ['day-consumption', value, BigInt(state.dayLeftFen)],
    ['fund', value, BigInt(fundFen)],
    ['month-cap', value, BigInt(member.monthLeftFen)],
    coverageRule(
      BigInt(fundFen) - BigInt(state.promisedFen) - value,
      BigInt(unreleasedPoints) - BigInt(state.promisedPoints) - BigInt(points),
      config,
    ),
  ];
}

function takeRules(
  { valueFen, points }: Adjustment,
  { member, fundFen, unreleasedPoints, multBp }: AdjustmentState,
  config: PointsConfig,
): readonly Rule[] {
  // A score below 1 gives an account less than the period's multiplier, and never less than the whole of a point.
  const lowest = maxBig(1n, minBig(BigInt(multBp), BigInt(wholeBp)));
  const used = divFloor(BigInt(valueFen) * BigInt(wholeBp) + lowest - 1n, lowest);
  return [
    ['unspent-vouchers', BigInt(valueFen), BigInt(member.unspentFen)],
    ['never-released', BigInt(points), BigInt(member.releasedPoints)],
    ['above-multiplier', BigInt(points), used],
    coverageRule(
      BigInt(fundFen) + BigInt(valueFen),
      BigInt(unreleasedPoints) + BigInt(points),
      config,
    ),
  ];
}

const coverageRule = (fund: bigint, unreleased: bigint, config: PointsConfig): Rule => [
  'coverage',
  unreleased * BigInt(config.coverageBp),
  fund * BigInt(wholeBp),
];
