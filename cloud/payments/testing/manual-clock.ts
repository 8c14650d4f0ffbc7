import type { Clock } from '#shared/time/clock.ts';

/** A clock that stands still until it is told to go on: both the cloud and the channel live by it. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
  advanceTo(nowMs: number): void;
}

export function createManualClock(startMs: number): ManualClock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    advance: (ms) => {
      nowMs += ms;
    },
    advanceTo: (targetMs) => {
      nowMs = Math.max(nowMs, targetMs);
    },
  };
}
