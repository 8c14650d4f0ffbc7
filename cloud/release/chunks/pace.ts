/** How much of the machine a release or a close takes while others work. */
export interface Pace {
  /** Chunks worked on at the same time, each on a connection of its own. */
  readonly lanes: number;
  /** Rest of a lane after a chunk, in percent of what the chunk took. */
  readonly restPercent: number;
}

/**
 * `alone` takes both processors of a small machine: after a restore, or at night. `neighbourly`
 * rests a little after each chunk, and longer after one that had to wait for others. `quiet` leaves
 * one of two processors to the orders all the time and takes up to twice as long.
 */
export const paces = {
  alone: { lanes: 2, restPercent: 0 },
  neighbourly: { lanes: 2, restPercent: 10 },
  quiet: { lanes: 1, restPercent: 0 },
} as const satisfies Readonly<Record<string, Pace>>;

export type PaceName = keyof typeof paces;

export const isPaceName = (text: string): text is PaceName => Object.hasOwn(paces, text);

/** A rest of less is no rest: the timer itself is as coarse. */
const restMsMin = 1;
/** Whatever held a chunk up, the next one is not put off longer. */
const restMsMax = 500;

/** Milliseconds of rest after a chunk that took so many. */
export function restAfterMs(pace: Pace, workedMs: number): number {
  const restMs = Math.min(restMsMax, Math.trunc((workedMs * pace.restPercent) / 100));
  return restMs < restMsMin ? 0 : restMs;
}
