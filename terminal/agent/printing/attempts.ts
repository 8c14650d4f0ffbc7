import type { PrintOutcome } from '#drivers/printer/print-outcome.ts';
import type { ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
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
import { findJob, type PrintJobRow } from '#terminal/agent/printing/spool-view.ts';

/** One job at the printer: an entry before its first byte, one entry after. Nothing here decides which job is next. */
export interface Attempts {
  /** Prints a paper. False when it has to wait: for the printer, or for the disk. */
  readonly print: (job: PrintJobRow) => Promise<boolean>;
  /** Opens the drawer, now or never. False when the disk refused. */
  readonly kick: (job: PrintJobRow) => Promise<boolean>;
  /** Attempted, and proved not to have left: may be attempted again although the journal says "writing". */
  readonly mayRepeat: (job: PrintJobRow) => boolean;
  /** Writes down what the disk refused when an attempt ended. False: it still refuses, and no other may begin. */
  readonly writeOwed: () => boolean;
}

export interface AttemptsDeps {
  readonly journal: Journal;
  readonly printer: () => ReceiptPrinter | undefined;
  readonly clock: Clock;
  /** What to print for a job, read at the moment of printing; undefined when there is nothing to say any more. */
  readonly contentOf: (job: PrintJobRow) => readonly ReceiptCommand[] | undefined;
}

/** A paper older than this is not printed when the printer comes back: nobody waits for it. Reprint it by hand. */
export const staleMs = 10 * 60_000;
/** A drawer opens at once or not at all. */
const drawerStaleMs = 5_000;
const attemptsMax = 99;

export function createAttempts(deps: AttemptsDeps): Attempts {
  const { journal, clock } = deps;
  const notSent = new Set<string>();
  const endings = createEndings(journal);
  let lastProcessId = highestProcessId(journal);

  const write = (fact: EntryFact): boolean => journal.append([fact]).ok;
  const abandon = ({ jobId }: PrintJobRow, code: ErrorCode): boolean =>
    write({ type: 'print.abandoned', body: { jobId, code } });
  const isOlderThan = (job: PrintJobRow, ageMs: number): boolean =>
    clock.nowMs() - job.queuedAtMs > ageMs;

  const newProcessId = (): number => {
    lastProcessId = nextProcessId(lastProcessId);
    return lastProcessId;
  };
  /** Whether the attempt is in the journal now; the disk may refuse it. */
  const begin = (
    { jobId, attempt }: PrintJobRow,
    { processId, cutBefore }: { readonly processId: number; readonly cutBefore: number | null },
  ): boolean => {
    notSent.delete(jobId);
    const body = { jobId, attempt: attempt + 1, processId: processIdText(processId) };
    const counted = cutBefore === null ? body : { ...body, cutBefore };
    return write({ type: 'print.attempted', body: counted });
  };

  const settle = ({ jobId }: PrintJobRow, outcome: PrintOutcome): boolean => {
    switch (outcome.type) {
      case 'confirmed':
        return endings.write({ type: 'print.confirmed', body: { jobId, level: outcome.level } });
      case 'unknown':
        return endings.write({ type: 'print.unknown', body: { jobId, code: outcome.code } });
      case 'not-sent':
        notSent.add(jobId);
        return false;
      default:
        return exhaustive(outcome);
    }
  };

  return {
    mayRepeat: ({ jobId }) => notSent.has(jobId),
    writeOwed: endings.writeOwed,
    print: async (job) => {
      const printer = deps.printer();
      const status = printer?.status();
      if (!printer || isOlderThan(job, staleMs) || job.attempt >= attemptsMax)
        return abandon(job, status?.code ?? 'printer-missing');
      if (status?.state !== 'online') return false;
      const commands = deps.contentOf(job);
      if (!commands) return abandon(job, 'order-not-found');
      const processId = newProcessId();
      const outcome = await printer.print({
        jobId: job.jobId,
        processId,
        commands,
        // Not before: a till that dies while the printer is being prepared leaves a job that was never begun.
        begin: (cutBefore) => begin(job, { processId, cutBefore }),
        beforeVoid: () => write(interruptedFact(job)),
      });
      return settle(job, outcome);
    },
    kick: async (job) => {
      const printer = deps.printer();
      if (!printer || job.attempt > 0 || isOlderThan(job, drawerStaleMs))
        return abandon(job, printer?.status().code ?? 'printer-missing');
      if (!begin(job, { processId: newProcessId(), cutBefore: null })) return false;
      const outcome = await printer.kickDrawer();
      return outcome.type === 'not-sent'
        ? endings.write({ type: 'print.abandoned', body: { jobId: job.jobId, code: outcome.code } })
        : settle(job, outcome);
    },
  };
}

type EndingFact = Extract<
  EntryFact,
  { readonly type: 'print.confirmed' | 'print.unknown' | 'print.abandoned' }
>;

/** Writes down how attempts ended; what the disk refuses is owed, one of each lane at most: no other begins before. */
function createEndings(journal: Journal): {
  readonly write: (fact: EndingFact) => boolean;
  readonly writeOwed: () => boolean;
} {
  const owed = new Map<string, EndingFact>();
  const write = (fact: EndingFact): boolean => {
    const { jobId } = fact.body;
    // It was written before the torn piece was declared void.
    const isKnown =
      fact.type === 'print.unknown' && findJob(journal.read, jobId)?.state === 'unknown';
    const isWritten = isKnown || journal.append([fact]).ok;
    if (isWritten) owed.delete(jobId);
    else owed.set(jobId, fact);
    return isWritten;
  };
  return { write, writeOwed: () => [...owed.values()].every(write) };
}

/** Proved to be no whole receipt: what hangs in the printer is void. */
export const interruptedFact = ({ jobId }: PrintJobRow): EntryFact => ({
  type: 'print.unknown',
  body: { jobId, code: 'receipt-interrupted' },
});

const highestProcessId = (journal: Journal): number =>
  processIdNumber(
    journal.read.one<{ last: string | null }>('SELECT max(process_id) AS last FROM print_jobs')
      ?.last ?? processIdNone,
  );

const processIdNone = '    ';
