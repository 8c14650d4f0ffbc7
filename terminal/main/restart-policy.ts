/** How a crashed agent comes back: at once, then slower, then not at all, so that a crash loop is visible. */
export interface RestartHistory {
  /** Monotonic milliseconds of recent crashes, oldest first. */
  readonly crashesMs: readonly number[];
}

export type RestartDecision =
  | { readonly type: 'restart'; readonly delayMs: number; readonly history: RestartHistory }
  | { readonly type: 'give-up'; readonly history: RestartHistory };

export const restartWindowMs = 60_000;
export const restartsPerWindowMax = 5;
const firstDelayMs = 100;

/** Decides after a crash at `nowMs` (monotonic): delay 100 ms, doubling within the window; the sixth crash gives up. */
export function decideRestart(history: RestartHistory, nowMs: number): RestartDecision {
  const crashesMs = [...history.crashesMs.filter((at) => nowMs - at < restartWindowMs), nowMs];
  if (crashesMs.length > restartsPerWindowMax) return { type: 'give-up', history: { crashesMs } };
  return {
    type: 'restart',
    delayMs: firstDelayMs * 2 ** (crashesMs.length - 1),
    history: { crashesMs },
  };
}
