import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';

/**
 * When somebody who is sent away shall come back. Each is given a time of his own, one step of work
 * behind the one who was sent away before him: thousands that were refused in one moment come back
 * one after the other, as fast as they can be served, and the answer grows with what is ahead. Who
 * comes too early keeps the time he has.
 */
export interface Appointments {
  /** Seconds for Retry-After, 1 to {@link retryAfterSecondsMax} and a jitter. */
  give(who: string, ahead: { readonly waitingCount: number; readonly stepMs: number }): number;
  /** He was let in: the next time starts over. */
  kept(who: string): void;
}

/**
 * Nobody is told to stay away longer. What was measured in the first moments of a rush is far from
 * what follows, and to be asked for nothing costs more than to refuse once more: a few tenths of a
 * millisecond.
 */
export const retryAfterSecondsMax = 30;
/** Seconds are coarse: within this the callers of one second are spread. */
const jitterSecondsMax = 2;
/**
 * Some come later than told, some never: a little too many are asked, so that nobody is waited for.
 */
const overbooking = 0.8;
/** Names are claims of strangers: more are not remembered, and simply get the next time. */
const rememberedMax = 20_000;
const msPerSecond = 1_000;

export function createAppointments({
  clock,
  random,
}: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly random: Pick<Random, 'unit'>;
}): Appointments {
  const dueMs = new Map<string, number>();
  let lastDueMs = Number.NEGATIVE_INFINITY;

  const nextDueMs = (ahead: { waitingCount: number; stepMs: number }): number => {
    const nowMs = clock.monotonicMs();
    const stepMs = ahead.stepMs * overbooking;
    lastDueMs = Math.max(lastDueMs, nowMs + ahead.waitingCount * stepMs) + stepMs;
    const latestMs = nowMs + retryAfterSecondsMax * msPerSecond;
    if (lastDueMs <= latestMs) return lastDueMs;
    lastDueMs = latestMs;
    // Beyond the last time they are spread over its second half, else they all came at once.
    return latestMs - (random.unit() * retryAfterSecondsMax * msPerSecond) / 2;
  };

  return {
    give(who, ahead) {
      const nowMs = clock.monotonicMs();
      const known = dueMs.get(who) ?? 0;
      const due = known > nowMs ? known : nextDueMs(ahead);
      dueMs.delete(who);
      dueMs.set(who, due);
      const [oldest] = dueMs.keys();
      if (dueMs.size > rememberedMax && oldest !== undefined) dueMs.delete(oldest);
      const seconds = (due - nowMs) / msPerSecond + random.unit() * jitterSecondsMax;
      return Math.max(1, Math.round(seconds));
    },
    kept: (who) => void dueMs.delete(who),
  };
}
