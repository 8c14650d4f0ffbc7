import { randomBytes } from 'node:crypto';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';

/** The clocks of this machine. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** Cryptographic randomness of this machine. */
export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  unit: () => randomBytes(4).readUInt32BE() / 2 ** 32,
};
