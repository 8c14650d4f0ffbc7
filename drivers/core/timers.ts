/** Delayed calls. Passed in wherever something waits, so that tests own the passing of time. */
export interface Timers {
  /** Calls `run` once after `delayMs` (0..2^31-1), unless the returned function is called before. */
  after(delayMs: number, run: () => void): () => void;
}

/** What to call when no timer runs. */
export const nothingScheduled = (): void => undefined;
