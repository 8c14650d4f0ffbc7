import type { Timers } from '#drivers/core/timers.ts';

/** Wakes all who wait for it, or each after its own time. */
export interface Bell {
  ring(): void;
  heard(timeoutMs: number): Promise<void>;
}

export function createBell(timers: Timers): Bell {
  let waiters: (() => void)[] = [];
  return {
    ring: () => {
      const woken = waiters;
      waiters = [];
      for (const wake of woken) wake();
    },
    heard: (timeoutMs) =>
      new Promise((resolve) => {
        const cancel = timers.after(timeoutMs, resolve);
        waiters.push(() => {
          cancel();
          resolve();
        });
      }),
  };
}
