import type { Clock } from '#shared/time/clock.ts';

/**
 * Says when the inbox of this process is busy with a backlog. Durable comes before judged: while tills pour in what
 * they queued during an outage, the projection stands back, but never longer than {@link standBackMsMax}.
 */
export interface IntakePressure {
  note(entriesCount: number): void;
  /** Should the projection stand back now? */
  isHigh(): boolean;
}

/** This many entries within one window are a backlog, not a day's trade. */
const entriesHigh = 300;
const windowMs = 250;
const standBackMsMax = 3_000;

export function createIntakePressure(clock: Clock): IntakePressure {
  let windowStartMs = Number.NEGATIVE_INFINITY;
  let entriesInWindow = 0;
  let highUntilMs = Number.NEGATIVE_INFINITY;
  let highSinceMs = Number.NEGATIVE_INFINITY;
  return {
    note(entriesCount) {
      const nowMs = clock.monotonicMs();
      if (nowMs - windowStartMs > windowMs) [windowStartMs, entriesInWindow] = [nowMs, 0];
      entriesInWindow += entriesCount;
      if (entriesInWindow < entriesHigh) return;
      if (nowMs > highUntilMs) highSinceMs = nowMs;
      highUntilMs = nowMs + windowMs;
    },
    isHigh() {
      const nowMs = clock.monotonicMs();
      if (nowMs > highUntilMs) return false;
      if (nowMs - highSinceMs < standBackMsMax) return true;
      // One turn for the projection, then the backlog may hold it back again.
      highSinceMs = nowMs;
      return false;
    },
  };
}
