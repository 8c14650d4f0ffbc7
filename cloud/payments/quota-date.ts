const shanghaiOffsetMs = 8 * 3_600_000;

/** The Shanghai calendar day of a moment, YYYY-MM-DD. China keeps UTC+8 all year. Channel quotas turn at midnight. */
export const shanghaiDateOf = (nowMs: number): string =>
  new Date(nowMs + shanghaiOffsetMs).toISOString().slice(0, 10);
