import { addDays } from '#shared/time/calendar-day.ts';
import { periodSpan } from '#shared/time/period.ts';

/** What the points book and its runs say about where the calendar stands. */
export interface CalendarFacts {
  readonly lastClosedPeriod: string | undefined;
  /** A close that stands open, whoever opened it; undefined: none does. */
  readonly closingPeriod?: string | undefined;
  /** The period in which the first point became final; undefined: there is none. */
  readonly firstPeriod: string | undefined;
  /** Days of the last closed period's window whose run is posted. */
  readonly postedDays: readonly string[];
  /** The last day that is over, YYYY-MM-DD. */
  readonly lastOverDay: string;
}

export type CalendarStep =
  | { readonly type: 'release'; readonly period: string; readonly day: string }
  | { readonly type: 'close'; readonly period: string }
  | { readonly type: 'none' };

/**
 * What comes next, in the order of the days (docs/points.md 2.6, 2.7): the days of the last closed
 * period's window, each after it is over; and when the last of them was run, the close of the
 * period that this window is. Only the window of the last close is ever carried on: the next close
 * counts on what an older one left. So a close that stands open comes first, also when it was
 * opened by hand before the days of the older window were run: they cannot be run any more.
 */
export function nextCalendarStep(facts: CalendarFacts): CalendarStep {
  const { lastClosedPeriod, firstPeriod, lastOverDay } = facts;
  if (facts.closingPeriod !== undefined) return { type: 'close', period: facts.closingPeriod };
  const isOver = (period: string) => periodSpan(period).lastDay <= lastOverDay;
  if (lastClosedPeriod === undefined)
    return firstPeriod !== undefined && isOver(firstPeriod)
      ? { type: 'close', period: firstPeriod }
      : { type: 'none' };
  const { windowFirstDay, windowLastDay, next } = periodSpan(lastClosedPeriod);
  const posted = new Set(facts.postedDays);
  const end = windowLastDay < lastOverDay ? windowLastDay : lastOverDay;
  for (let day = windowFirstDay; day <= end; day = addDays(day, 1))
    if (!posted.has(day)) return { type: 'release', period: lastClosedPeriod, day };
  return isOver(next) ? { type: 'close', period: next } : { type: 'none' };
}
