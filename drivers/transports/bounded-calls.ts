import { err, ok, type Result } from '#shared/result/result.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { WriteError } from '#drivers/core/transport.ts';

/** A call into a port that answers once, late, or never: `done(null)` is success. */
export type PortCall = (done: (failure: string | null) => void) => void;

/** Calls into a port, each of which ends: by its answer, by the timeout, or by the end of the connection. */
export interface BoundedCalls {
  run(call: PortCall): Promise<Result<void, WriteError>>;
  /** The connection is over: what waits fails, and nothing is begun any more. */
  end(): void;
}

export function createBoundedCalls(deps: {
  readonly timers: Timers;
  readonly timeoutMs: number;
  /** A call was not answered in time. */
  readonly onTimeout: () => void;
}): BoundedCalls {
  const waiting = new Set<(result: Result<void, WriteError>) => void>();
  let ended = false;

  return {
    run: (call) =>
      new Promise((resolve) => {
        if (ended) return resolve(err({ type: 'not-open' }));
        const settle = (result: Result<void, WriteError>): void => {
          if (!waiting.delete(settle)) return;
          cancel();
          resolve(result);
        };
        waiting.add(settle);
        const cancel = deps.timers.after(deps.timeoutMs, () => {
          settle(err({ type: 'write-timeout' }));
          deps.onTimeout();
        });
        call((failure) =>
          settle(failure === null ? ok(undefined) : err({ type: 'write-failed', detail: failure })),
        );
      }),
    end: () => {
      ended = true;
      for (const settle of waiting) {
        settle(err({ type: 'write-failed', detail: 'connection closed' }));
      }
    },
  };
}
