import type { Logger } from '#cloud/platform/logger.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { World } from '../world/virtual-world.ts';

/** A worker of the cloud: its real step, and when to take it again. */
export interface SimWorker {
  readonly name: string;
  /** Returns how much was done; 0 = nothing to do. */
  readonly step: () => Promise<number>;
  /** Wall time at which something is due; null when nothing is. */
  readonly nextAtMs?: () => Promise<number | null>;
  readonly everyMs?: number;
  /** The worker that may have something to do afterwards. */
  readonly feeds?: string;
}

export interface WorkerSchedule {
  wake(name: string): void;
  wakeAll(): void;
  /** A step runs, or one is due soon. */
  isBusy(): boolean;
  stop(): void;
}

const wakeMs = 20;
const idleMs = 200;
const failureMs = 1_000;

export function createWorkerSchedule(
  deps: { readonly world: World; readonly clock: Clock; readonly logger: Logger },
  workers: readonly SimWorker[],
): WorkerSchedule {
  const { world, clock } = deps;
  const running = new Set<string>();
  const due = new Map<string, { readonly atMs: number; readonly cancel: () => void }>();
  const woken = new Set<string>();
  let stopped = false;

  const plan = (worker: SimWorker, delayMs: number): void => {
    if (stopped) return;
    const atMs = world.nowMs() + delayMs;
    const known = due.get(worker.name);
    if (known && known.atMs <= atMs) return;
    known?.cancel();
    const cancel = world.timers.after(delayMs, () => {
      due.delete(worker.name);
      void run(worker);
    });
    due.set(worker.name, { atMs, cancel });
  };
  const wake = (name: string): void => {
    if (running.has(name)) woken.add(name);
    const worker = workers.find((one) => one.name === name);
    if (worker && !running.has(name)) plan(worker, wakeMs);
  };
  const run = async (worker: SimWorker): Promise<void> => {
    if (stopped || running.has(worker.name)) return;
    running.add(worker.name);
    woken.delete(worker.name);
    let delayMs: number | undefined;
    try {
      let done = 0;
      for (let more = await worker.step(); more > 0; more = await worker.step()) done += more;
      if (done > 0 && worker.feeds !== undefined) wake(worker.feeds);
      const nextMs = await worker.nextAtMs?.();
      if (typeof nextMs === 'number') delayMs = Math.max(idleMs, nextMs - clock.nowMs());
      else delayMs = worker.everyMs;
    } catch (error) {
      deps.logger.error({ err: error, worker: worker.name }, 'a worker step failed');
      delayMs = failureMs;
    }
    running.delete(worker.name);
    if (stopped) return;
    if (woken.has(worker.name)) delayMs = wakeMs;
    if (delayMs !== undefined) plan(worker, delayMs);
  };
  return {
    wake,
    wakeAll: () => {
      for (const worker of workers) plan(worker, wakeMs);
    },
    isBusy: () =>
      running.size > 0 ||
      [...due].some(([name]) => workers.find((one) => one.name === name)?.everyMs === undefined),
    stop: () => {
      stopped = true;
      for (const { cancel } of due.values()) cancel();
      due.clear();
    },
  };
}
