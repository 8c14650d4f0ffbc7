/** The lab's calendar has twelve months of thirty days: a longer month is no growth, and nothing else depends on it. */
export const daysPerMonth = 30;

const firstYear = 2027;

/** Day 1..30 of a month counted from 1, as text that sorts: 2027-01-01. */
export function labDay(month: number, day: number): string {
  const year = firstYear + Math.floor((month - 1) / 12);
  return `${year}-${two(((month - 1) % 12) + 1)}-${two(day)}`;
}

/**
 * The last day on which vouchers of a window are good: `voucherDays` after the window's end, in
 * days of this calendar.
 */
export function lastVoucherDay(window: {
  readonly month: number;
  readonly voucherDays: number;
}): string {
  const days = window.month * daysPerMonth + window.voucherDays;
  return labDay(Math.floor((days - 1) / daysPerMonth) + 1, ((days - 1) % daysPerMonth) + 1);
}

const two = (value: number): string => String(value).padStart(2, '0');
