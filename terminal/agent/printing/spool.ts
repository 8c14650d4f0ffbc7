import type { Timers } from '#drivers/core/timers.ts';
import type { PrintOutcome } from '#drivers/printer/print-outcome.ts';
import type { ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import type { ReceiptCommand } from '#drivers/printer/receipt.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import {
  nextProcessId,
  processIdNumber,
  processIdText,
} from '#terminal/agent/printing/process-id.ts';
import {
  findJob,
  openJobs,
  unknownJobs,
  type PrintJobRow,
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

export interface SpoolDeps {
  readonly journal: Journal;
  readonly printer: () => ReceiptPrinter | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  /** What to print for a job, read at the moment of printing; undefined when there is nothing to say any more. */
  readonly contentOf: (job: PrintJobRow) => readonly ReceiptCommand[] | undefined;
}

/** A paper older than this is not printed when the printer comes back: nobody waits for it. Reprint it by hand. */
export const staleMs = 10 * 60_000;
/** A drawer opens at once or not at all. */
const drawerStaleMs = 5_000;
const retryPauseMs = 1_000;
const attemptsMax = 99;

export function createSpool(deps: SpoolDeps): Spool {
  const { journal, clock } = deps;
  /** Attempted, and proved not to have left: may be attempted again although the journal says "writing". */
  const notSent = new Set<string>();
  const lanes = { paper: false, drawer: false };
  const working = new Set<Promise<void>>();
  let stopped = true;
  let cancel: (() => void) | undefined;
  let lastProcessId = 0;

  const write = (fact: EntryFact): boolean => journal.append([fact]).ok;

  const candidates = (kind: 'paper' | 'drawer'): readonly PrintJobRow[] =>
    [...openJobs(journal.read, 'queued'), ...openJobs(journal.read, 'writing')]
      .filter((job) => (job.kind === 'drawer') === (kind === 'drawer'))
      .filter((job) => job.state === 'queued' || notSent.has(job.jobId))
      .toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1));

  const runLane = async (lane: 'paper' | 'drawer'): Promise<void> => {
    for (;;) {
      const job = candidates(lane)[0];
      if (!job || stopped) return;
      const goOn = lane === 'drawer' ? await kick(job) : await print(job);
      if (!goOn) {
        cancel?.();
        cancel = deps.timers.after(retryPauseMs, wake);
        return;
      }
    }
  };

  const print = async (job: PrintJobRow): Promise<boolean> => {
    const printer = deps.printer();
    const status = printer?.status();
    if (!printer || clock.nowMs() - job.queuedAtMs > staleMs || job.attempt >= attemptsMax)
      return abandon(job, status?.code ?? 'printer-missing');
    if (status?.state !== 'online') return false;
    const commands = deps.contentOf(job);
    if (!commands) return abandon(job, 'order-not-found');
    lastProcessId = nextProcessId(lastProcessId);
    if (!attempted(job, lastProcessId)) return false;
    const { jobId } = job;
    return settle(job, await printer.print({ jobId, processId: lastProcessId, commands }));
  };

  const kick = async (job: PrintJobRow): Promise<boolean> => {
    const printer = deps.printer();
    if (!printer || job.attempt > 0 || clock.nowMs() - job.queuedAtMs > drawerStaleMs)
      return abandon(job, printer?.status().code ?? 'printer-missing');
    lastProcessId = nextProcessId(lastProcessId);
    if (!attempted(job, lastProcessId)) return false;
    const outcome = await printer.kickDrawer();
    return outcome.type === 'not-sent' ? abandon(job, outcome.code) : settle(job, outcome);
  };

  const attempted = (job: PrintJobRow, processId: number): boolean => {
    notSent.delete(job.jobId);
    const attempt = job.attempt + 1;
    return write({
      type: 'print.attempted',
      body: { jobId: job.jobId, attempt, processId: processIdText(processId) },
    });
  };

  const settle = ({ jobId }: PrintJobRow, outcome: PrintOutcome): boolean => {
    switch (outcome.type) {
      case 'confirmed':
        return write({ type: 'print.confirmed', body: { jobId, level: outcome.level } });
      case 'unknown':
        return write({ type: 'print.unknown', body: { jobId, code: outcome.code } });
      case 'not-sent':
        notSent.add(jobId);
        return false;
      default:
        return exhaustive(outcome);
    }
  };

  const abandon = ({ jobId }: PrintJobRow, code: ErrorCode): boolean =>
    write({ type: 'print.abandoned', body: { jobId, code } });

  const wake = (): void => {
    if (stopped) return;
    for (const lane of ['paper', 'drawer'] as const) {
      if (lanes[lane]) continue;
      lanes[lane] = true;
      const work = runLane(lane).finally(() => {
        lanes[lane] = false;
        working.delete(work);
      });
      working.add(work);
    }
  };

  return {
    wake,
    start: () => {
      stopped = false;
      lastProcessId = highestProcessId(journal);
      for (const { jobId } of openJobs(journal.read, 'writing'))
        write({ type: 'print.unknown', body: { jobId, code: 'print-interrupted' } });
      wake();
    },
    stop: async () => {
      stopped = true;
      cancel?.();
      await Promise.all(working);
    },
    confirmLate: (processId) => {
      const text = processIdText(processId);
      const job = unknownJobs(journal.read).find((one) => one.processId === text);
      if (job && findJob(journal.read, job.jobId)?.state === 'unknown')
        write({ type: 'print.confirmed', body: { jobId: job.jobId, level: 3 } });
    },
  };
}

const highestProcessId = (journal: Journal): number =>
  processIdNumber(
    journal.read.one<{ last: string | null }>('SELECT max(process_id) AS last FROM print_jobs')
      ?.last ?? processIdNone,
  );

const processIdNone = '    ';
