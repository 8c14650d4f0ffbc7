import type { BoxOutcome } from '#drivers/ecr/box-pos.ts';
import type { BoxIntent } from '#drivers/ecr/session/box-report.ts';

/** An intent that is over, and what its caller was told last. */
export interface ClosedIntent {
  readonly intent: BoxIntent;
  readonly told: BoxOutcome;
}

/** Late answers are matched against so many intents; older ones are told without a number. */
export const closedIntentsMax = 64;

/** Newest first, each order number once. */
export function rememberClosed(
  closed: readonly ClosedIntent[],
  entry: ClosedIntent,
): readonly ClosedIntent[] {
  const number = entry.intent.order.merchantOrderNo;
  const others = closed.filter((each) => each.intent.order.merchantOrderNo !== number);
  return [entry, ...others].slice(0, closedIntentsMax);
}

/** The newest intent that the box knows by this mark. */
export function findClosed(
  closed: readonly ClosedIntent[],
  mark: string,
  markOf: (merchantOrderNo: string) => string,
): ClosedIntent | undefined {
  return closed.find((each) => markOf(each.intent.order.merchantOrderNo) === mark);
}
