import type { Timers } from '#drivers/core/timers.ts';

/** Runs one job again and again: never twice at once, at the latest `pauseMs` after the last, at once when kicked. */
export interface Poller {
  readonly kick: () => void;
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

export function createPoller(deps: {
  readonly timers: Timers;
  readonly pauseMs: number;
  readonly run: () => Promise<void>;
}): Poller {
  let running: Promise<void> | undefined;
  let kicked = false;
  let stopped = true;
  let cancel: (() => void) | undefined;

  const round = (): void => {
    if (stopped) return;
    if (running) {
      kicked = true;
      return;
    }
    cancel?.();
    kicked = false;
    running = deps.run().finally(() => {
      running = undefined;
      if (stopped) return;
      if (kicked) round();
      else cancel = deps.timers.after(deps.pauseMs, round);
    });
  };

  return {
    kick: round,
    start: () => {
      stopped = false;
      round();
    },
    stop: async () => {
      stopped = true;
      cancel?.();
      await running;
    },
  };
}
