import { addDays } from '#shared/time/calendar-day.ts';

/** Is YYYY-MM-DD a day that exists? The wire schema checks the digits only: 2026-02-30 passes it. */
export function isCalendarDay(day: string): boolean {
  try {
    return addDays(day, 0) === day;
  } catch {
    return false;
  }
}
