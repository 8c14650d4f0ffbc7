const minuteMs = 60_000;
const minutesPerDay = 1_440;
const shanghaiOffsetMs = 8 * 60 * minuteMs;

/** The Shanghai calendar day of a moment, YYYY-MM-DD. China keeps UTC+8 all year. Channel quotas turn at midnight. */
export const shanghaiDateOf = (nowMs: number): string =>
  new Date(nowMs + shanghaiOffsetMs).toISOString().slice(0, 10);

/** The minute of the Shanghai day of a moment, 0..1439. */
export const shanghaiMinuteOf = (nowMs: number): number =>
  Math.floor((nowMs + shanghaiOffsetMs) / minuteMs) % minutesPerDay;
