import { accountingDate, dayStartMs, shanghaiOffsetMs } from '#shared/time/calendar-day.ts';
import { assert } from '#shared/result/assert.ts';

/**
 * The business day of a shop: a Shanghai calendar day that begins at the cut-over hour, so that a bar's sale at two in
 * the morning belongs to the evening before. Points and settlement use the plain accounting date (cut-over 0):
 * shared/time/calendar-day.ts, with periods in shared/time/period.ts.
 */
export const cutOverHourMax = 12;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const minutesPerDay = 1_440;

export interface BusinessMoment {
  /** Wall milliseconds since 1970 UTC. */
  readonly atMs: number;
  /** Hour of the Shanghai day at which the business day begins, 0..{@link cutOverHourMax}. */
  readonly cutOverHour: number;
}

/** The business day (YYYY-MM-DD) that a moment belongs to. */
export const businessDate = ({ atMs, cutOverHour }: BusinessMoment): string =>
  accountingDate(atMs - cutOverMs(cutOverHour));

/**
 * The business day of what follows from something of the day `since`: never an earlier one. A clock that ran ahead may be
 * put right in between, and no money goes back before it came.
 */
export function businessDateSince(since: string, moment: BusinessMoment): string {
  const today = businessDate(moment);
  return today < since ? since : today;
}

/** The first millisecond of a business day; the next day's first millisecond ends it. */
export const businessDayStartMs = (day: {
  readonly businessDate: string;
  readonly cutOverHour: number;
}): number => dayStartMs(day.businessDate) + cutOverMs(day.cutOverHour);

/** The hour of the Shanghai day, 0..23. */
export const shanghaiHour = (atMs: number): number => Math.floor(shanghaiMinute(atMs) / 60);

/** The minute of the Shanghai day, 0..1439. */
export function shanghaiMinute(atMs: number): number {
  const minutes = Math.floor((atMs + shanghaiOffsetMs) / minuteMs);
  return ((minutes % minutesPerDay) + minutesPerDay) % minutesPerDay;
}

function cutOverMs(cutOverHour: number): number {
  assert(
    Number.isInteger(cutOverHour) && cutOverHour >= 0 && cutOverHour <= cutOverHourMax,
    () => `a business day begins at 0..${cutOverHourMax} o'clock, not ${cutOverHour}`,
  );
  return cutOverHour * hourMs;
}
