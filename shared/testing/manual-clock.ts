import { assert } from '#shared/result/assert.ts';
import type { Clock } from '#shared/time/clock.ts';

/** A clock that a test moves by hand. Wall and monotonic time move together, except when the wall clock is set. */
export interface ManualClock extends Clock {
  advance(durationMs: number): void;
  /** Somebody sets the computer's clock: wall time jumps, monotonic time does not. */
  setWall(wallMs: number): void;
}

/** 2026-11-22 10:00 in Shanghai. */
export const manualClockStartMs = 1_795_312_800_000;

export function createManualClock(startMs: number = manualClockStartMs): ManualClock {
  let wallMs = startMs;
  let elapsedMs = 0;
  return {
    nowMs: () => wallMs,
    monotonicMs: () => elapsedMs,
    advance: (durationMs) => {
      assert(durationMs >= 0, () => `time does not go back: ${durationMs}`);
      wallMs += durationMs;
      elapsedMs += durationMs;
    },
    setWall: (newWallMs) => {
      wallMs = newWallMs;
    },
  };
}
