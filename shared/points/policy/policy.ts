import { err, ok, type Result } from '#shared/result/result.ts';
import {
  checkPointsConfig,
  type ConfigError,
  type PointsConfig,
} from '#shared/points/points-config.ts';
import { presetEarliestDay, presetOf } from '#shared/points/policy/preset.ts';
import { periodKindOf, periodOf, periodSpan } from '#shared/time/period.ts';

/** What stands when a change of the rules is judged. */
export interface PolicyState {
  /** The newest version, in force already or not. */
  readonly newest: PointsConfig;
  /** First day of the newest version; undefined: the published default, always in force. */
  readonly newestFrom: string | undefined;
  /** Accounting day of the judgement, YYYY-MM-DD: the day on which the change is announced. */
  readonly today: string;
  /** Some points are final, or a period is closed: the length of a period stands. */
  readonly pointsAreFinal: boolean;
}

export interface PolicyChange {
  readonly config: PointsConfig;
  readonly effectivePeriod: string;
}

/** A key that a version changes, as the value reads in JSON. */
export interface PolicyDifference {
  readonly key: string;
  readonly from: unknown;
  readonly to: unknown;
}

export type PolicyError =
  | ConfigError
  | { readonly type: 'policy-unchanged' }
  | { readonly type: 'period-kind-fixed' }
  | { readonly type: 'period-kind-differs'; readonly kind: string }
  /** The first day on which the change could be in force. */
  | { readonly type: 'policy-notice-too-short'; readonly earliestDay: string };

/**
 * Judges a change of the rules (docs/points.md 2.13): values in their ranges; in force from a
 * period that has not begun, never before the newest version; a switch of what the gate reads 30
 * days after its announcement. The length of a period changes only while no point is final, and
 * then at once, so that no lot ever runs over two kinds of period. Answers the first day. Errors in
 * the order of {@link PolicyError}.
 */
export function judgePolicy(
  change: PolicyChange,
  state: PolicyState,
): Result<{ readonly effectiveFrom: string }, PolicyError> {
  const checked = checkPointsConfig(change.config);
  if (!checked.ok) return checked;
  if (policyDifferences(state.newest, change.config).length === 0)
    return err({ type: 'policy-unchanged' });
  const { periodKind } = change.config;
  const isNewKind = periodKind !== state.newest.periodKind;
  if (isNewKind && state.pointsAreFinal) return err({ type: 'period-kind-fixed' });
  if (periodKindOf(change.effectivePeriod) !== periodKind)
    return err({ type: 'period-kind-differs', kind: periodKind });
  const effectiveFrom = periodSpan(change.effectivePeriod).firstDay;
  const earliestDay = earliestPolicyDay(change.config, state);
  if (effectiveFrom < earliestDay) return err({ type: 'policy-notice-too-short', earliestDay });
  if (isNewKind && effectiveFrom > state.today)
    return err({ type: 'policy-notice-too-short', earliestDay });
  return ok({ effectiveFrom });
}

/** The first day of the first period in which a change announced today may be in force. */
function earliestPolicyDay(config: PointsConfig, state: PolicyState): string {
  const present = periodSpan(periodOf(state.today, config.periodKind));
  const isNewKind = config.periodKind !== state.newest.periodKind;
  const days = [isNewKind ? present.firstDay : present.windowFirstDay];
  if (presetOf(config) !== presetOf(state.newest) && state.pointsAreFinal)
    days.push(firstPeriodDayFrom(presetEarliestDay(state.today), config));
  if (state.newestFrom !== undefined) days.push(state.newestFrom);
  return days.toSorted().at(-1)!;
}

function firstPeriodDayFrom(day: string, config: PointsConfig): string {
  const span = periodSpan(periodOf(day, config.periodKind));
  return span.firstDay === day ? day : span.windowFirstDay;
}

/** The keys in which two sets of rules differ, in alphabetical order. */
export function policyDifferences(
  from: PointsConfig,
  to: PointsConfig,
): readonly PolicyDifference[] {
  const before: Readonly<Record<string, unknown>> = { ...from };
  return Object.entries(to)
    .filter(([key, value]) => textOf(before[key]) !== textOf(value))
    .map(([key, value]) => ({ key, from: before[key], to: value as unknown }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** JSON with sorted keys: what comes back from a database has its keys in another order and is no other value. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
