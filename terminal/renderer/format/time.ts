/** Times as the shop reads them: Shanghai, 24 hours, whatever the machine's own zone is. */
const zone = { timeZone: 'Asia/Shanghai', hour12: false } as const;
const clockFormat = new Intl.DateTimeFormat('en-GB', {
  ...zone,
  hour: '2-digit',
  minute: '2-digit',
});
const secondsFormat = new Intl.DateTimeFormat('en-GB', {
  ...zone,
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const millisFormat = new Intl.DateTimeFormat('en-GB', {
  ...zone,
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

/** 14:32 */
export const clockText = (wallMs: number): string => clockFormat.format(wallMs);

const dayFormat = new Intl.DateTimeFormat('en-GB', { ...zone, month: '2-digit', day: '2-digit' });

/** Days of Shanghai, MM-DD. */
const dayText = (wallMs: number): string => {
  const parts = dayFormat.formatToParts(wallMs);
  const of = (type: 'month' | 'day') => parts.find((part) => part.type === type)?.value ?? '';
  return `${of('month')}-${of('day')}`;
};

/** 14:32 of today, 11-22 14:32 of another day: a clock alone would make last week look like today. */
export const momentText = (wallMs: number, nowMs: number): string =>
  dayText(wallMs) === dayText(nowMs)
    ? clockText(wallMs)
    : `${dayText(wallMs)} ${clockText(wallMs)}`;

/** 14:32:07 */
export const secondsText = (wallMs: number): string => secondsFormat.format(wallMs);

/** 14:32:07.045 */
export const millisText = (wallMs: number): string => millisFormat.format(wallMs);

/** Whole seconds between two wall times, never negative: a stepped clock shows 0, not nonsense. */
export const secondsBetween = (fromMs: number, toMs: number): number =>
  Math.max(0, Math.floor((toMs - fromMs) / 1000));

/** The same, rounded up: a countdown shows 1 until the very end. */
export const secondsUntil = (deadlineMs: number, nowMs: number): number =>
  Math.max(0, Math.ceil((deadlineMs - nowMs) / 1000));

/** Month and day of YYYY-MM-DD. */
export function monthAndDay(date: string): { readonly month: number; readonly day: number } {
  const [, month = '0', day = '0'] = date.split('-');
  return { month: Number(month), day: Number(day) };
}

/** How long until then, whole hours and the minutes beside them, rounded down: a limit is never told too long. */
export function hoursAndMinutes(
  nowMs: number,
  thenMs: number,
): { readonly hours: number; readonly minutes: number } {
  const minutes = Math.max(0, Math.floor((thenMs - nowMs) / 60_000));
  return { hours: Math.floor(minutes / 60), minutes: minutes % 60 };
}
