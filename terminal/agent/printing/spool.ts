import type { Timers } from '#drivers/core/timers.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { createAttempts, type AttemptsDeps } from '#terminal/agent/printing/attempts.ts';
import { createEarlierRun } from '#terminal/agent/printing/earlier-run.ts';
import { processIdText } from '#terminal/agent/printing/process-id.ts';
import {
  findJob,
  jobsToDo,
  printLanes,
  unknownJobs,
  type PrintJobRow,
  type PrintLane,
} from '#terminal/agent/printing/spool-view.ts';

/**
 * Prints what the journal says is queued. Each attempt is an entry before its first byte, each outcome one after.
 * A paper that may be out is never printed again by itself; a drawer that did not open is never opened later.
 */
export interface Spool {
  /** Work that a former run left in the middle becomes unknown; then printing begins. */
  readonly start: () => void;
  /** Jobs were queued, or the printer is back. */
  readonly wake: () => void;
  readonly stop: () => Promise<void>;
  /** The printer says, after all, that the paper with this process id is out. */
  readonly confirmLate: (processId: number) => void;
}

export interface SpoolDeps extends AttemptsDeps {
  readonly timers: Timers;
}

const retryPauseMs = 1_000;

export function createSpool(deps: SpoolDeps): Spool {
  const { journal } = deps;
  const own = notingOwn(journal);
  const attempts = createAttempts({ ...deps, journal: own.journal });
  const earlierRun = createEarlierRun({ ...deps, journal: own.journal });
  const running = new Map<PrintLane, Promise<void>>();
  /** Woken while it ran: it may have looked for work already, and found none, when the job came. */
  const wokenAgain = new Set<PrintLane>();
  let stopped = true;
  let cancel: (() => void) | undefined;

  const write = (fact: EntryFact): boolean => journal.append([fact]).ok;

  /** The oldest job of the lane that may be attempted. */
  const nextJob = (lane: PrintLane): PrintJobRow | undefined =>
    jobsToDo(journal.read, lane).find((job) => job.state === 'queued' || attempts.mayRepeat(job));

  const runLane = async (lane: PrintLane): Promise<void> => {
    if (lane === 'paper' && !(await earlierRun.resolve())) return pause();
    if (!attempts.writeOwed()) return pause();
    for (;;) {
      // Whatever came before this look is seen by it.
      wokenAgain.delete(lane);
      const job = nextJob(lane);
      if (!job || stopped) return;
      const goOn = lane === 'drawer' ? await attempts.kick(job) : await attempts.print(job);
      if (!goOn) return pause();
    }
  };
  const ended = (lane: PrintLane): void => {
    running.delete(lane);
    if (wokenAgain.delete(lane)) wakeLane(lane);
  };
  const pause = (): void => {
    cancel?.();
    cancel = deps.timers.after(retryPauseMs, wake);
  };

  const wakeLane = (lane: PrintLane): void => {
    if (stopped) return;
    if (!running.has(lane))
      running.set(
        lane,
        // Not at once: what a lane writes first wakes it again, and by then it must be known to run.
        Promise.resolve()
          .then(() => runLane(lane))
          .finally(() => ended(lane)),
      );
    else if (!own.isWriting()) wokenAgain.add(lane);
  };
  const wake = (): void => {
    for (const lane of printLanes) wakeLane(lane);
  };

  return {
    wake,
    start: () => {
      stopped = false;
      earlierRun.begin();
      wake();
    },
    stop: async () => {
      stopped = true;
      cancel?.();
      await Promise.all(running.values());
    },
    confirmLate: (processId) => {
      const text = processIdText(processId);
      const job = unknownJobs(journal.read).find((one) => one.processId === text);
      if (job && findJob(journal.read, job.jobId)?.state === 'unknown')
        write({ type: 'print.confirmed', body: { jobId: job.jobId, level: 3 } });
    },
  };
}

/** What the spool itself writes is no news to it: else every attempt would end the pause after it. */
function notingOwn(journal: Journal): {
  readonly journal: Journal;
  readonly isWriting: () => boolean;
} {
  let isWriting = false;
  const append: Journal['append'] = (facts, beside) => {
    isWriting = true;
    try {
      return journal.append(facts, beside);
    } finally {
      isWriting = false;
    }
  };
  return { journal: { ...journal, append }, isWriting: () => isWriting };
}
