import { randomBytes } from 'node:crypto';
import { uptime } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { createSleeplessTime } from '#drivers/core/sleepless-time.ts';
import type { Timers } from '#drivers/core/timers.ts';

const awakeMs = (): number => performance.now();
/** Elsewhere the monotonic clock goes on in a sleep, or the time since boot follows the clock on the wall. */
const monotonicMs =
  process.platform === 'linux'
    ? createSleeplessTime({ awakeMs, sinceBootMs: () => uptime() * 1_000 })
    : awakeMs;

/** The machine's own clock, for shells only. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs,
};

export const systemTimers: Timers = {
  after: (delayMs, run) => {
    const handle = setTimeout(run, delayMs);
    return () => clearTimeout(handle);
  },
};

const unitSteps = 2 ** 32;

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  unit: () => randomBytes(4).readUInt32BE(0) / unitSteps,
};
