import { assert } from '#shared/result/assert.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { addDays, dayNumber, dayText, daysBetween } from '#shared/time/calendar-day.ts';

/** Lengths of a period (rule R6). The published choice is the calendar month; the others serve pilots. */
export type PeriodKind = 'month' | '10day' | 'week' | 'day';

export const periodKinds: readonly PeriodKind[] = ['month', '10day', 'week', 'day'];

/** The names of all kinds, as a source of a regular expression: 2026-02, 2026-02-T3, 2026-W09, 2026-02-28. */
export const periodPattern =
  '^\\d{4}-((0[1-9]|1[0-2])(-(T[1-3]|[0-3][0-9]))?|W(0[1-9]|[1-4][0-9]|5[0-3]))$';

const daysOfWeek = 7;
/** Parts of a month of ten days, ten days and the rest. */
const tenDaysOfMonth = 3;
/** 1970-01-01 was a Thursday: its week began three days before day number 0. */
const firstMonday = -3;

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

/** A period with its days and its release window: the days of the following period (docs/points.md 2.7). */
export interface PeriodSpan {
  readonly kind: PeriodKind;
  readonly period: string;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly days: number;
  readonly previous: string;
  readonly next: string;
  readonly windowFirstDay: string;
  readonly windowLastDay: string;
}

/** Its name says of which kind a period is. Throws when the text names no period. */
export function periodKindOf(period: string): PeriodKind {
  assert(new RegExp(periodPattern).test(period), () => `not a period: ${period}`);
  if (period.includes('T')) return '10day';
  if (period.includes('W')) return 'week';
  return period.length === 'YYYY-MM'.length ? 'month' : 'day';
}

export function periodSpan(period: string): PeriodSpan {
  const kind = periodKindOf(period);
  const index = indexOf(period, kind);
  const [firstDay, windowFirstDay] = [firstDayOf(index, kind), firstDayOf(index + 1, kind)];
  assert(periodOf(firstDay, kind) === period, () => `not a period: ${period}`);
  return {
    kind,
    period,
    firstDay,
    lastDay: addDays(windowFirstDay, -1),
    days: daysBetween({ from: firstDay, to: windowFirstDay }),
    previous: nameOf(index - 1, kind),
    next: nameOf(index + 1, kind),
    windowFirstDay,
    windowLastDay: addDays(firstDayOf(index + 2, kind), -1),
  };
}

/** True for the name of a real period of any kind. */
export function isPeriod(text: string): boolean {
  if (!new RegExp(periodPattern).test(text)) return false;
  const kind = periodKindOf(text);
  if (kind === 'day' && !isDay(text)) return false;
  return nameOf(indexOf(text, kind), kind) === text;
}

/** The period so many periods of the same kind later; a negative count goes back. */
export function addPeriods(period: string, count: number): string {
  const kind = periodKindOf(period);
  return nameOf(indexOf(period, kind) + count, kind);
}

/** Whole periods from one to another of the same kind; negative when `to` is the earlier one. */
export function periodsBetween(span: { readonly from: string; readonly to: string }): number {
  const kind = periodKindOf(span.from);
  assert(periodKindOf(span.to) === kind, () => `${span.from} and ${span.to} are of two kinds`);
  return indexOf(span.to, kind) - indexOf(span.from, kind);
}

/**
 * The periods whose release windows have days between the first of a day's calendar month and that day: what a member
 * was given in the month to date lies in their runs (rule R13).
 */
export function periodsReleasedInMonth(day: string, kind: PeriodKind): readonly string[] {
  const periods: string[] = [];
  const first = periodOf(`${day.slice(0, 7)}-01`, kind);
  const count = periodsBetween({ from: first, to: periodOf(day, kind) });
  for (let step = 0; step <= count; step += 1) periods.push(addPeriods(first, step - 1));
  return periods;
}

/** Months in a year, ten-day parts in a year, days in a week: after so many periods trade looks alike; 0: unknown. */
export function seasonLengthOf(kind: PeriodKind): number {
  switch (kind) {
    case 'month':
      return 12;
    case '10day':
      return 12 * tenDaysOfMonth;
    case 'week':
      return 0;
    case 'day':
      return daysOfWeek;
    default:
      return exhaustive(kind);
  }
}

/** The calendar month so many months later, YYYY-MM. */
export const addMonths = (month: string, count: number): string =>
  monthName(monthIndex(month) + count);

/** The name of one day's release run, e.g. 2026-03/d31. It seeds the tie break of the rounding. */
export const releaseRunId = (day: string): string => `${day.slice(0, 7)}/d${day.slice(8)}`;

/** Periods of one kind are numbered without a gap, so that the next one is the next number. */
function indexOf(period: string, kind: PeriodKind): number {
  switch (kind) {
    case 'month':
      return monthIndex(period);
    case '10day':
      return monthIndex(period) * tenDaysOfMonth + Number(period.slice(9)) - 1;
    case 'week':
      return mondayOf(period) / daysOfWeek;
    case 'day':
      return dayNumber(period);
    default:
      return exhaustive(kind);
  }
}

function firstDayOf(index: number, kind: PeriodKind): string {
  switch (kind) {
    case 'month':
      return `${monthName(index)}-01`;
    case '10day':
      return `${monthName(Math.floor(index / tenDaysOfMonth))}-${['01', '11', '21'][index % tenDaysOfMonth]!}`;
    case 'week':
      return dayText(index * daysOfWeek + firstMonday);
    case 'day':
      return dayText(index);
    default:
      return exhaustive(kind);
  }
}

const nameOf = (index: number, kind: PeriodKind): string => periodOf(firstDayOf(index, kind), kind);

const monthIndex = (month: string): number =>
  Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;

function monthName(index: number): string {
  const month = String((index % 12) + 1).padStart(2, '0');
  return `${String(Math.floor(index / 12)).padStart(4, '0')}-${month}`;
}

const tenDayOf = (date: number): number => (date <= 10 ? 1 : date <= 20 ? 2 : 3);

/** ISO 8601 week: weeks begin on Monday and belong to the year of their Thursday. */
function isoWeek(number: number): string {
  const thursday = number - ((number + 3) % 7) + 3;
  const year = dayText(thursday).slice(0, 4);
  const week = Math.floor((thursday - dayNumber(`${year}-01-01`)) / 7) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

/** Days from the Monday of the week of 1970-01-01 to that of an ISO week; 4 January is always in week 1. */
function mondayOf(week: string): number {
  const fourth = dayNumber(`${week.slice(0, 4)}-01-04`) - firstMonday;
  return fourth - (fourth % daysOfWeek) + (Number(week.slice(6)) - 1) * daysOfWeek;
}

/** 2026-02-30 has the form of a day and is none. */
function isDay(text: string): boolean {
  const [month, date] = [text.slice(0, 7), Number(text.slice(8))];
  return date >= 1 && date <= periodSpan(month).days;
}
