import type { Clock } from '#shared/time/clock.ts';

/** The machine's clock. The only place in the cloud that reads it. */
export const createSystemClock = (): Clock => ({
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
});
