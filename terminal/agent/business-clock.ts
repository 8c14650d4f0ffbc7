import type { Clock } from '#shared/time/clock.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';

/**
 * The cloud tells its time in whole seconds, in answers that were under way for up to ten: a difference that changed by
 * less is no news. So the time does not tremble at the end of a day, and a clock that is right is left alone.
 */
export const correctionSteadyMsMax = 60_000;

/**
 * What the computer's clock is to be corrected by for the business, milliseconds. The cloud's time plus the steady
 * clock since is believed as long as this run lasts, whoever sets the computer's clock meanwhile. Of a former run
 * nothing is: the clock may have been set, rightly or wrongly, while the till was off. Pure.
 */
export function correctedBy(times: {
  /** The computer's clock, wall milliseconds. */
  readonly wallMs: number;
  /** The cloud's last time plus the monotonic time since; undefined before its first answer in this run. */
  readonly trustedMs: number | undefined;
  /** The correction in force; 0 at the start. */
  readonly inForceMs: number;
}): number {
  const { wallMs, trustedMs, inForceMs } = times;
  if (trustedMs === undefined) return inForceMs;
  const neededMs = trustedMs - wallMs;
  return Math.abs(neededMs - inForceMs) <= correctionSteadyMsMax ? inForceMs : neededMs;
}

/**
 * What time it is for the business: by it sales, refunds and slips get their day, and orders the time in their ids, from
 * which the day finds them. The entries keep the computer's own time.
 */
export function createBusinessClock({
  clock,
  cloud,
}: {
  readonly clock: Clock;
  readonly cloud: Pick<CloudClient, 'trustedNowMs'>;
}): Clock {
  let inForceMs = 0;
  return {
    nowMs: () => {
      const wallMs = clock.nowMs();
      inForceMs = correctedBy({ wallMs, trustedMs: cloud.trustedNowMs(), inForceMs });
      return wallMs + inForceMs;
    },
    monotonicMs: () => clock.monotonicMs(),
  };
}
