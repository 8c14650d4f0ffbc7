import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { shanghaiHour } from '#shared/time/business-day.ts';

/** What was last done for the till's file. Wall milliseconds. */
export interface Kept {
  readonly backupAtMs?: number;
  /** Where the journal stood then: an idle till needs no second copy of the same. */
  readonly backupPosition?: number;
  readonly checkAtMs?: number;
  /** What the last full check found, said again after a restart. */
  readonly damage?: string;
}

export const backupPauseMs = 3_600_000;
/** The full check runs between these hours in Shanghai, when shops are closed. */
export const checkHours = { from: 3, to: 5 } as const;
const checkPauseMs = 12 * 3_600_000;
/** A shop that switches its machine off at night is checked by day. */
const checkOverdueMs = 36 * 3_600_000;

/**
 * What is due now. A time that lies ahead of the clock was written before the clock was put back:
 * it counts as long ago.
 */
export function dueTasks(now: {
  readonly kept: Kept;
  readonly nowMs: number;
  readonly position: number;
}): readonly ('backup' | 'check')[] {
  const { kept, nowMs } = now;
  const agoMs = (atMs: number | undefined): number =>
    atMs === undefined || atMs > nowMs ? Number.POSITIVE_INFINITY : nowMs - atMs;
  const hour = shanghaiHour(nowMs);
  const isNight = hour >= checkHours.from && hour < checkHours.to;
  const checkAfterMs = isNight ? checkPauseMs : checkOverdueMs;
  const isMoved = now.position !== kept.backupPosition;
  return [
    ...(isMoved && agoMs(kept.backupAtMs) >= backupPauseMs ? (['backup'] as const) : []),
    ...(agoMs(kept.checkAtMs) >= checkAfterMs ? (['check'] as const) : []),
  ];
}

/** A clock further off than this is said to people; sales go on. */
export const clockSkewMsMax = 300_000;

/**
 * Whether the machine's clock is wrong. The cloud's time decides when there was contact; offline
 * the journal does, whose clock never goes back, and a jump of the wall clock against the steady
 * one. Pure.
 */
export function judgeClock(clocks: {
  readonly nowMs: number;
  /** The cloud's time now; undefined before the first contact of this run. */
  readonly cloudMs: number | undefined;
  /** The moment of the last entry. */
  readonly journalMs: number;
  /** How far the wall clock has moved away from the steady one in this run. */
  readonly jumpMs: number;
}): ErrorCode | undefined {
  const { nowMs, cloudMs, journalMs, jumpMs } = clocks;
  const isWrong =
    cloudMs === undefined
      ? journalMs - nowMs > clockSkewMsMax || Math.abs(jumpMs) > clockSkewMsMax
      : Math.abs(cloudMs - nowMs) > clockSkewMsMax;
  return isWrong ? 'clock-skewed' : undefined;
}
