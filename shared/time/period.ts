import { assert } from '#shared/result/assert.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { addDays, dayNumber, dayText, daysBetween } from '#shared/time/calendar-day.ts';

/** Lengths of a period (rule R6). The published choice is the calendar month; the others serve pilots. */
export type PeriodKind = 'month' | '10day' | 'week' | 'day';

/** The period a day belongs to: 2026-02, 2026-02-T3 (days 21 to end), 2026-W09 (ISO week), 2026-02-28. */
export function periodOf(day: string, kind: PeriodKind): string {
  const number = dayNumber(day);
  switch (kind) {
    case 'month':
      return day.slice(0, 7);
    case '10day':
      return `${day.slice(0, 7)}-T${tenDayOf(Number(day.slice(8)))}`;
    case 'week':
      return isoWeek(number);
    case 'day':
      return day;
    default:
      return exhaustive(kind);
  }
}

/** A monthly period with its days and its release window: the days of the following month (docs/points.md 2.7). */
export interface MonthPeriod {
  readonly period: string;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly days: number;
  readonly previous: string;
  readonly next: string;
  readonly windowFirstDay: string;
  readonly windowLastDay: string;
}

const monthPattern = /^\d{4}-(0[1-9]|1[0-2])$/;

export function monthPeriod(period: string): MonthPeriod {
  assert(monthPattern.test(period), () => `not a monthly period: ${period}`);
  const next = addMonths(period, 1);
  const firstDay = `${period}-01`;
  const windowFirstDay = `${next}-01`;
  return {
    period,
    firstDay,
    lastDay: addDays(windowFirstDay, -1),
    days: daysBetween({ from: firstDay, to: windowFirstDay }),
    previous: addMonths(period, -1),
    next,
    windowFirstDay,
    windowLastDay: addDays(`${addMonths(period, 2)}-01`, -1),
  };
}

export function addMonths(period: string, count: number): string {
  const index = monthIndex(period) + count;
  const month = String((index % 12) + 1).padStart(2, '0');
  return `${String(Math.floor(index / 12)).padStart(4, '0')}-${month}`;
}

/** Whole months from one period to another; negative when `to` is the earlier one. */
export const monthsBetween = (span: { readonly from: string; readonly to: string }): number =>
  monthIndex(span.to) - monthIndex(span.from);

const monthIndex = (period: string): number =>
  Number(period.slice(0, 4)) * 12 + Number(period.slice(5, 7)) - 1;

/** The name of one day's release run, e.g. 2026-03/d31. It seeds the tie break of the rounding. */
export const releaseRunId = (day: string): string => `${day.slice(0, 7)}/d${day.slice(8)}`;

const tenDayOf = (date: number): number => (date <= 10 ? 1 : date <= 20 ? 2 : 3);

/** ISO 8601 week: weeks begin on Monday and belong to the year of their Thursday. */
function isoWeek(number: number): string {
  const thursday = number - ((number + 3) % 7) + 3;
  const year = dayText(thursday).slice(0, 4);
  const week = Math.floor((thursday - dayNumber(`${year}-01-01`)) / 7) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}
