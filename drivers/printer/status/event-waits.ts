import type { Timers } from '#drivers/core/timers.ts';
import type { PrinterEvent } from '#drivers/printer/status/status-demux.ts';

/** Who waits for which word of the printer. */
export interface EventWaits {
  publish(event: PrinterEvent): void;
  /** The first event that `match` takes, or null after `timeoutMs`. */
  wait<T>(match: (event: PrinterEvent) => T | null, timeoutMs: number): Promise<T | null>;
  /** Nothing will come any more: every wait ends unanswered, those begun later too. */
  end(): void;
}

export function createEventWaits(timers: Timers): EventWaits {
  let ended = false;
  /** Listeners answer true when they are finished. `null` tells them that nothing will come. */
  const listeners = new Set<(event: PrinterEvent | null) => boolean>();

  const tell = (event: PrinterEvent | null): void => {
    for (const listener of listeners) if (listener(event)) listeners.delete(listener);
  };

  return {
    publish: tell,
    end: () => {
      ended = true;
      tell(null);
    },
    wait: <T>(match: (event: PrinterEvent) => T | null, timeoutMs: number): Promise<T | null> =>
      new Promise((resolve) => {
        if (ended) return resolve(null);
        const listener = (event: PrinterEvent | null): boolean => {
          const matched = event === null ? null : match(event);
          if (event !== null && matched === null) return false;
          cancel();
          resolve(matched);
          return true;
        };
        const cancel = timers.after(timeoutMs, () => {
          listeners.delete(listener);
          resolve(null);
        });
        listeners.add(listener);
      }),
  };
}
