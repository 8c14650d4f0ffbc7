import { accountingDate } from '#shared/time/calendar-day.ts';

/** UnionPay's day turns at 23:00 in Shanghai. */
export const unionpayDayTurnsBeforeMs = 3_600_000;

/** The day by which UnionPay settles what happens now, YYYY-MM-DD: voids are of it, and so are bills. */
export const unionpayDayOf = (instantMs: number): string =>
  accountingDate(instantMs + unionpayDayTurnsBeforeMs);
