import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';

/** One delayed call at a time: setting it again forgets the one before. */
export interface Alarm {
  set(delayMs: number, run: () => void): void;
  clear(): void;
}

export function createAlarm(timers: Timers): Alarm {
  let cancel = nothingScheduled;
  return {
    set: (delayMs, run) => {
      cancel();
      cancel = timers.after(delayMs, run);
    },
    clear: () => cancel(),
  };
}
