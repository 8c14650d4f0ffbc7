import type { Random } from '#shared/time/random.ts';
import type { ProblemInput } from '#cloud/platform/problem.ts';

/** Thrown where a queue of ours is full: nothing was done. */
export class CloudBusy extends Error {}

/**
 * What `pg` says when no connection came free in time (pg-pool, index.js). It has no code of its
 * own.
 */
const noConnectionFree = 'timeout exceeded when trying to connect';
/** A query's failure stands around its cause; deeper than this nothing of ours is. */
const causesMax = 4;

/** Did this fail for load alone, before anything of it was done? */
export function isBusy(error: unknown): boolean {
  let cause = error;
  for (let depth = 0; depth < causesMax && cause instanceof Error; depth += 1) {
    if (cause instanceof CloudBusy || cause.message === noConnectionFree) return true;
    cause = cause.cause;
  }
  return false;
}

const retryAfterSecondsMin = 2;
const retryAfterSecondsSpread = 4;

/** The answer to whom load took the turn. Spread, so that they do not come back together. */
export const busyProblem = (random: Pick<Random, 'unit'>): ProblemInput => ({
  status: 429,
  code: 'cloud-busy',
  retryAfterSeconds: retryAfterSecondsMin + Math.trunc(random.unit() * retryAfterSecondsSpread),
});
