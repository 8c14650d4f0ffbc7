import type { EarlierOutcome } from '#drivers/printer/job/resolve-earlier.ts';
import type { ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { interruptedFact } from '#terminal/agent/printing/attempts.ts';
import { processIdNumber } from '#terminal/agent/printing/process-id.ts';
import {
  begunJobs,
  findJob,
  isLastPaper,
  type PrintJobRow,
} from '#terminal/agent/printing/spool-view.ts';

/**
 * What a former run left between the first byte and the last word. Each such job becomes unknown, and only then, when
 * the disk has it, the printer is asked of the last paper, before anything else is printed: only of that one it can
 * still tell. A stroke of the cutter that came after it, for another paper or to void this one, proves nothing.
 */
export interface EarlierRun {
  readonly begin: () => void;
  /** Whether other papers may be printed: nothing is left to write down or to ask, or it was asked. */
  readonly resolve: () => Promise<boolean>;
}

const putOffMax = 5;

export function createEarlierRun(deps: {
  readonly journal: Journal;
  readonly printer: () => ReceiptPrinter | undefined;
}): EarlierRun {
  const { journal } = deps;
  const write = (fact: EntryFact): boolean => journal.append([fact]).ok;
  /** Not yet unknown in the journal. */
  let left: readonly PrintJobRow[] = [];
  let putOff = 0;
  let latest: PrintJobRow | undefined;

  /** False: the disk refuses. */
  const writeLeft = (): boolean => {
    for (const job of left) {
      const { jobId } = job;
      if (!write({ type: 'print.unknown', body: { jobId, code: 'print-interrupted' } }))
        return false;
      left = left.filter((one) => one !== job);
    }
    return true;
  };

  const settle = async (job: PrintJobRow, printer: ReceiptPrinter): Promise<boolean> => {
    const { jobId, cutBefore } = job;
    const processId = processIdNumber(job.processId ?? '');
    let isVoid = false;
    const outcome: EarlierOutcome = await printer.resolveEarlier({
      processId,
      cutBefore,
      beforeVoid: () => (isVoid = write(interruptedFact(job))),
    });
    // The printer may have told its id by itself meanwhile, or a person may have decided.
    if (findJob(journal.read, jobId)?.state !== 'unknown') return true;
    switch (outcome.type) {
      case 'confirmed':
        return write({ type: 'print.confirmed', body: { jobId, level: outcome.level } });
      case 'unfinished':
        // Otherwise nothing was cut, and it is asked again when the disk takes the answer.
        return isVoid;
      case 'unprovable':
        return true;
      case 'not-yet':
        putOff += 1;
        return putOff >= putOffMax;
      default:
        return exhaustive(outcome);
    }
  };

  return {
    begin: () => {
      left = begunJobs(journal.read);
      latest = left
        .filter((job) => job.kind !== 'drawer' && job.processId !== null)
        .find((job) => isLastPaper(journal.read, job));
      writeLeft();
    },
    resolve: async () => {
      if (!writeLeft()) return false;
      const printer = deps.printer();
      if (latest === undefined || printer === undefined) return true;
      if (printer.status().state !== 'online') return false;
      if (!(await settle(latest, printer))) return false;
      latest = undefined;
      return true;
    },
  };
}
