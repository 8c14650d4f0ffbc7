/** Delayed calls, passed in so that tests own them. Only effectful shells may hold one. */
export interface Timers {
  /** Calls `run` once after `delayMs` (0..2^31-1); the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

/** The timers of the operating system. They keep the process alive, as a till should stay alive. */
export const systemTimers: Timers = {
  after: (delayMs, run) => {
    const handle = setTimeout(run, delayMs);
    return () => clearTimeout(handle);
  },
};

/** Resolves after `delayMs`. */
export const sleep = (timers: Timers, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    timers.after(delayMs, resolve);
  });
