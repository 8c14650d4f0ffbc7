import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#cloud/platform/logger.ts';
import { runScoped, type Scope } from '#cloud/platform/tenancy/scope.ts';

export interface WorkerLoop {
  /** Work may have arrived: do not wait for the next tick. */
  wake(): void;
  /** Ends after the step that runs now. */
  stop(): Promise<void>;
}

const failureBackoffMsMax = 30_000;

/**
 * Runs `step` again and again: at once while it reports work, after `idleMs` when it reports none,
 * and with growing pauses while it throws (the database is away). One step at a time.
 */
export function startWorkerLoop(options: {
  readonly name: string;
  readonly idleMs: number;
  readonly logger: Logger;
  /** For whom it works. */
  readonly scope: Scope;
  /** Returns how much was done; 0 = nothing to do. */
  step(): Promise<number>;
}): WorkerLoop {
  let stopping = false;
  let woken = false;
  let pause = new AbortController();
  const rest = async (durationMs: number) => {
    if (woken || stopping) return;
    await sleep(durationMs, undefined, { signal: pause.signal }).catch(() => undefined);
  };
  const run = async () => {
    let failures = 0;
    for (;;) {
      if (stopping) return;
      woken = false;
      pause = new AbortController();
      try {
        const done = await runScoped(options.scope, () => options.step());
        failures = 0;
        if (done === 0) await rest(options.idleMs);
      } catch (error) {
        failures += 1;
        options.logger.error({ err: error, worker: options.name }, 'a worker step failed');
        const backoffMs = Math.min(failureBackoffMsMax, options.idleMs * 2 ** failures);
        // A wake-up must not turn a failing database into a busy loop.
        woken = false;
        await rest(backoffMs);
      }
    }
  };
  const ended = run();
  return {
    wake() {
      woken = true;
      pause.abort();
    },
    async stop() {
      stopping = true;
      pause.abort();
      await ended;
    },
  };
}
