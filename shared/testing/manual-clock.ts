import { assert } from '#shared/result/assert.ts';
import type { Clock } from '#shared/time/clock.ts';

/** A clock that a test moves by hand. Wall and monotonic time move together, except when the wall clock is set. */
export interface ManualClock extends Clock {
  advance(durationMs: number): void;
  /** Time goes on until this moment on the wall; not at all when it is past. */
  advanceTo(wallMs: number): void;
  /** Somebody sets the computer's clock: wall time jumps, monotonic time does not. */
  setWall(wallMs: number): void;
}

/** 2026-11-22 10:00 in Shanghai. */
export const manualClockStartMs = 1_795_312_800_000;

export function createManualClock(startMs: number = manualClockStartMs): ManualClock {
  let wallMs = startMs;
  let elapsedMs = 0;
  const advance = (durationMs: number): void => {
    assert(durationMs >= 0, () => `time does not go back: ${durationMs}`);
    wallMs += durationMs;
    elapsedMs += durationMs;
  };
  return {
    nowMs: () => wallMs,
    monotonicMs: () => elapsedMs,
    advance,
    advanceTo: (targetMs) => advance(Math.max(0, targetMs - wallMs)),
    setWall: (newWallMs) => {
      wallMs = newWallMs;
    },
  };
}
