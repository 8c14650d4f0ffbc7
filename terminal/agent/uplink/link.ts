import type { Timers } from '#drivers/core/timers.ts';
import type { Clock } from '#shared/time/clock.ts';

/** Is the cloud in reach? Decided by real exchanges, and by a cheap probe when there are none. */
export interface Link {
  readonly online: () => boolean;
  /** Wall time since when the line is down; null while it is up. */
  readonly offlineSinceMs: () => number | null;
  /** Monotonic milliseconds since the cloud last answered in this run; undefined when it never did. */
  readonly sinceContactMs: () => number | undefined;
  /** An exchange reached the cloud, or did not. A failure is checked by a probe at once. */
  readonly report: (reached: boolean) => void;
  readonly onChange: (listener: (online: boolean) => void) => void;
  /** Probes once before it resolves, so that the first screen already knows. */
  readonly start: () => Promise<void>;
  readonly stop: () => void;
}

/** An outage shows after at most one pause, one probe that never answers, and one more: under 3 s. */
export const probePauseMs = 1_000;
export const probeTimeoutMs = 1_500;

export function createLink(deps: {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly probe: (timeoutMs: number) => Promise<boolean>;
}): Link {
  const { clock, timers } = deps;
  const listeners: ((online: boolean) => void)[] = [];
  let online = false;
  let offlineSinceMs = clock.nowMs();
  let contactAt: number | undefined;
  let stopped = true;
  let probing = false;
  let cancel: (() => void) | undefined;

  const set = (next: boolean): void => {
    if (next) contactAt = clock.monotonicMs();
    if (next === online) return;
    online = next;
    if (!next) offlineSinceMs = clock.nowMs();
    for (const listener of listeners) listener(next);
  };

  const probe = async (): Promise<void> => {
    if (probing || stopped) return;
    probing = true;
    cancel?.();
    const reached = await deps.probe(probeTimeoutMs);
    probing = false;
    if (stopped) return;
    set(reached);
    cancel = timers.after(probePauseMs, () => void probe());
  };

  return {
    online: () => online,
    offlineSinceMs: () => (online ? null : offlineSinceMs),
    sinceContactMs: () => (contactAt === undefined ? undefined : clock.monotonicMs() - contactAt),
    report: (reached) => {
      if (stopped) return;
      if (reached) set(true);
      else void probe();
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
    start: async () => {
      stopped = false;
      await probe();
    },
    stop: () => {
      stopped = true;
      cancel?.();
    },
  };
}
