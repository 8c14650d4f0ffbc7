import type { Clock } from '#shared/time/clock.ts';

/** The clock of a window: the only place of the renderer that reads the time. */
export const browserClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
