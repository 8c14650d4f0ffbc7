import { wholeBp } from '#shared/money/rate.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';

/** Closes that are looked ahead: five years of months. */
export const stockGatePeriodsMax = 60;

export type StockGateOutlook =
  /** Too little is known to foretell anything. */
  | { readonly type: 'unknown' }
  /** Closed now and at every close of the outlook. */
  | { readonly type: 'stays-closed' }
  /** Open for the last time at the close this many periods after the present one; 0: now. */
  | { readonly type: 'closes-after'; readonly periodsAhead: number }
  /** Still open at the end of the outlook. */
  | { readonly type: 'stays-open' };

/**
 * When the gate that reads the stock of unreleased points will be open for the last time, if everything goes as
 * foreseen (docs/points.md 2.6). The stock grows by the mean path of the inflow; after a close that finds the gate open
 * everything due by then leaves it. A stock of many periods' inflow cannot grow by 15% on steady trade: so this gate
 * ends by itself, and whoever runs the network should know when.
 */
export function stockGateOutlook(
  input: {
    readonly isOpenNow: boolean;
    /** Stock and dues at the present close, before its release. */
    readonly outstandingPoints: number;
    readonly duePoints: number;
    /** What the running lots give at the coming closes. */
    readonly scheduledPoints: readonly number[];
    /** Points foreseen to enter, at most {@link stockGatePeriodsMax}; undefined: no forecast. */
    readonly inflowPath: readonly number[] | undefined;
    readonly nBase: number;
  },
  config: PointsConfig,
): StockGateOutlook {
  if (input.inflowPath === undefined) return { type: 'unknown' };
  const growth = 1 + config.gateGrowthBp / wholeBp;
  let lastOpen = input.isOpenNow ? 0 : -1;
  let [previous, due, entered] = [input.outstandingPoints, input.duePoints, 0];
  // What left the stock after the close before, and still stands in `previous`.
  let left = input.isOpenNow ? due : 0;
  if (input.isOpenNow) due = 0;
  const path = input.inflowPath.slice(0, stockGatePeriodsMax);
  for (const [step, inflow] of path.entries()) {
    entered += inflow;
    const current = Math.max(0, previous - left + inflow);
    due += (input.scheduledPoints[step] ?? 0) + entered / input.nBase;
    const open = previous > 0 && current >= previous * growth && current >= config.gateMinScale;
    left = open ? Math.min(due, current) : 0;
    if (open) [lastOpen, due] = [step + 1, 0];
    previous = current;
  }
  if (lastOpen < 0) return { type: 'stays-closed' };
  return lastOpen === path.length && path.length > 0
    ? { type: 'stays-open' }
    : { type: 'closes-after', periodsAhead: lastOpen };
}
