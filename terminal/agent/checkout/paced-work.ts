import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';

type Work = () => Promise<void>;

/** Work about one thing: one piece at a time, a pause before the next, and none for whoever is in a hurry. */
export interface PacedWork {
  /** Runs `work` unless some is running, or all work has stopped. */
  readonly begin: (work: Work) => void;
  /** The running work has its answer: the next may begin before its promise has ended. */
  readonly answered: () => void;
  /** Runs `work` after a pause in ms, or at once when somebody hurried meanwhile. */
  readonly beginLater: (pauseMs: number, work: Work) => void;
  /** Runs `work` now; when some is running, the next begins without a pause. */
  readonly hurry: (work: Work) => void;
  readonly isRunning: () => boolean;
  /** What waits for the end of a pause is forgotten; what runs goes on. */
  readonly cancelPause: () => void;
  /** The end of what runs; at once when nothing does. */
  readonly ended: () => Promise<void>;
}

export function createPacedWork(timers: Timers, isStopped: () => boolean): PacedWork {
  let cancel = nothingScheduled;
  let running: Promise<void> | undefined;
  let isUrgent = false;

  const begin = (work: Work): void => {
    if (isStopped() || running) return;
    const promise = work().finally(() => {
      if (running === promise) running = undefined;
    });
    running = promise;
  };

  return {
    begin,
    answered: () => {
      running = undefined;
    },
    beginLater: (pauseMs, work) => {
      const delayMs = isUrgent ? 0 : pauseMs;
      isUrgent = false;
      cancel();
      cancel = timers.after(delayMs, () => begin(work));
    },
    hurry: (work) => {
      if (running) {
        isUrgent = true;
        return;
      }
      cancel();
      begin(work);
    },
    isRunning: () => running !== undefined,
    cancelPause: () => cancel(),
    ended: async () => running,
  };
}
