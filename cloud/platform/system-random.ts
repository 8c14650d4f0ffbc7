import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '#shared/time/random.ts';

const unitSteps = 2 ** 47;

/** Cryptographic randomness of the operating system. */
export const createSystemRandom = (): Random => ({
  bytes: (count) => randomBytes(count),
  unit: () => randomInt(unitSteps) / unitSteps,
});
