/** How often is looked whether the machine has slept, milliseconds; a look reads a small file. */
const lookEveryMs = 1_000;
/** Both clocks are read one after the other and one of them in steps: less than this is no sleep. */
const sleepMsMin = 2_000;

/**
 * Monotonic milliseconds that go on while the machine sleeps. Linux's monotonic clock stands still then, the time since
 * boot does not; without it a till that was folded up for three days believes that the cloud answered a minute ago.
 * Source: clock_gettime(2), CLOCK_MONOTONIC and CLOCK_BOOTTIME; proc_uptime(5).
 */
export function createSleeplessTime({
  awakeMs,
  sinceBootMs,
}: {
  readonly awakeMs: () => number;
  readonly sinceBootMs: () => number;
}): () => number {
  const aheadAtStartMs = sinceBootMs() - awakeMs();
  let sleptMs = 0;
  let nextLookMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = awakeMs();
    if (nowMs >= nextLookMs) {
      nextLookMs = nowMs + lookEveryMs;
      const aheadMs = sinceBootMs() - nowMs - aheadAtStartMs;
      if (aheadMs - sleptMs >= sleepMsMin) sleptMs = aheadMs;
    }
    return nowMs + sleptMs;
  };
}
