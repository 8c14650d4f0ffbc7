import { assert } from '#shared/result/assert.ts';

/**
 * Calendar days as text (YYYY-MM-DD) and as day numbers since 1970-01-01, proleptic Gregorian.
 * Integer arithmetic after Howard Hinnant, https://howardhinnant.github.io/date_algorithms.html
 */

const dayMs = 86_400_000;
/** Asia/Shanghai (people say Beijing time) is UTC+8 all year, without daylight saving. */
export const shanghaiOffsetMs = 8 * 3_600_000;
const daysPerEra = 146_097;
const dayPattern = /^(\d{4})-(\d{2})-(\d{2})$/;

/** The accounting date (Asia/Shanghai) of an instant in milliseconds since 1970 UTC. */
export const accountingDate = (instantMs: number): string =>
  dayText(Math.floor((instantMs + shanghaiOffsetMs) / dayMs));

/** The first millisecond of an accounting date. */
export const dayStartMs = (day: string): number => dayNumber(day) * dayMs - shanghaiOffsetMs;

/** Day number of a calendar day; throws when the text is no real day. */
export function dayNumber(day: string): number {
  const [, yearText, monthText, dateText] = dayPattern.exec(day) ?? [];
  const number = civilToDays({
    year: Number(yearText),
    month: Number(monthText),
    date: Number(dateText),
  });
  assert(Number.isInteger(number) && dayText(number) === day, () => `not a calendar day: ${day}`);
  return number;
}

export function dayText(number: number): string {
  const shifted = number + 719_468;
  const era = Math.floor(shifted / daysPerEra);
  const dayOfEra = shifted - era * daysPerEra;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const date = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(date, 2)}`;
}

export const addDays = (day: string, count: number): string => dayText(dayNumber(day) + count);

export const daysBetween = (span: { readonly from: string; readonly to: string }): number =>
  dayNumber(span.to) - dayNumber(span.from);

function civilToDays(civil: { year: number; month: number; date: number }): number {
  const year = civil.month <= 2 ? civil.year - 1 : civil.year;
  const era = Math.floor(year / 400);
  const yearOfEra = year - era * 400;
  const marchMonth = civil.month > 2 ? civil.month - 3 : civil.month + 9;
  const dayOfYear = Math.floor((153 * marchMonth + 2) / 5) + civil.date - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * daysPerEra + dayOfEra - 719_468;
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0');
