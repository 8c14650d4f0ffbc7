import type { OpenSort } from '#cloud/platform/metrics.ts';
import type { OpenFact } from '#cloud/reconciliation/watch/open-facts.ts';
import { openTooLongMs } from '#cloud/settlement/instructions/instruction-list.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** When people are called: too many of a sort, or the oldest waits too long. */
export interface OpenAlarm {
  readonly sort: OpenSort;
  /** Only what waits for this reason; all of the sort where it is missing. */
  readonly why?: string;
  /** Above this many, all channels, kinds and classes together. */
  readonly countMax?: number;
  /** Above this age of the oldest. */
  readonly ageMsMax?: number;
}

/** Every alarm about what waits, by the name that docs/operations/alarms.md explains. */
export const openAlarms = {
  'bill-breaks': { sort: 'break', ageMsMax: 3 * dayMs },
  'bookings-paid-twice': { sort: 'booking', why: 'paid-twice', ageMsMax: dayMs },
  'bookings-parked': { sort: 'booking', why: 'parked', ageMsMax: 60 * minuteMs },
  'bookings-waiting': { sort: 'booking', why: 'waiting', ageMsMax: minuteMs },
  'charges-undecided-long': { sort: 'charge', ageMsMax: 15 * minuteMs },
  'charges-undecided-many': { sort: 'charge', countMax: 20 },
  'instructions-blocked': { sort: 'instruction', why: 'blocked', countMax: 0 },
  'instructions-by-hand': { sort: 'instruction', why: 'by-hand', ageMsMax: 3 * dayMs },
  'instructions-failed': { sort: 'instruction', why: 'failed', countMax: 0 },
  'instructions-unknown': { sort: 'instruction', why: 'unknown', ageMsMax: openTooLongMs },
  'refunds-not-booked': { sort: 'refund', why: 'not-booked', ageMsMax: 60 * minuteMs },
  'refunds-unknown': { sort: 'refund', why: 'unknown', ageMsMax: 60 * minuteMs },
  'settlements-parked': { sort: 'settlement', ageMsMax: 60 * minuteMs },
} as const satisfies Readonly<Record<string, OpenAlarm>>;

/** Does what waits call for people? Pure. */
export function isRaised(alarm: OpenAlarm, facts: readonly OpenFact[], nowMs: number): boolean {
  const ours = facts.filter(
    ({ sort, why }) => sort === alarm.sort && (alarm.why === undefined || why === alarm.why),
  );
  const count = ours.reduce((sum, fact) => sum + fact.count, 0);
  if (alarm.countMax !== undefined && count > alarm.countMax) return true;
  const { ageMsMax } = alarm;
  return ageMsMax !== undefined && ours.some(({ oldestMs }) => nowMs - oldestMs > ageMsMax);
}
