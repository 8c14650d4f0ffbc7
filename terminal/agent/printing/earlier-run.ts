import type { ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { processIdNumber } from '#terminal/agent/printing/process-id.ts';
import { begunJobs, findJob, type PrintJobRow } from '#terminal/agent/printing/spool-view.ts';

/**
 * What a former run left between the first byte and the last word. Each such job becomes unknown at once; of the latest
 * paper the printer is then asked, before anything else is printed, because only of that one it can still tell.
 */
export interface EarlierRun {
  readonly begin: () => void;
  /** Whether other papers may be printed: nothing is left to ask, or it was asked. */
  readonly resolve: () => Promise<boolean>;
}

const asksMax = 5;

export function createEarlierRun(deps: {
  readonly journal: Journal;
  readonly printer: () => ReceiptPrinter | undefined;
}): EarlierRun {
  const { journal } = deps;
  const write = (fact: EntryFact): boolean => journal.append([fact]).ok;
  let asked = 0;
  let latest: PrintJobRow | undefined;

  const settle = async (job: PrintJobRow, printer: ReceiptPrinter): Promise<boolean> => {
    const { jobId, cutBefore } = job;
    const processId = processIdNumber(job.processId ?? '');
    const outcome = await printer.resolveEarlier({ processId, cutBefore });
    // The printer may have told its id by itself meanwhile, or a person may have decided.
    if (findJob(journal.read, jobId)?.state !== 'unknown') return true;
    switch (outcome.type) {
      case 'confirmed':
        return write({ type: 'print.confirmed', body: { jobId, level: outcome.level } });
      case 'unfinished':
        return write({ type: 'print.unknown', body: { jobId, code: 'receipt-interrupted' } });
      case 'unprovable':
        return true;
      case 'not-yet':
        return asked >= asksMax;
      default:
        return exhaustive(outcome);
    }
  };

  return {
    begin: () => {
      const left = begunJobs(journal.read);
      for (const { jobId } of left)
        write({ type: 'print.unknown', body: { jobId, code: 'print-interrupted' } });
      latest = left
        .filter((job) => job.kind !== 'drawer' && job.processId !== null)
        .toSorted(
          (a, b) => processIdNumber(b.processId ?? '') - processIdNumber(a.processId ?? ''),
        )[0];
    },
    resolve: async () => {
      const printer = deps.printer();
      if (latest === undefined || printer === undefined) return true;
      if (printer.status().state !== 'online') return false;
      asked += 1;
      if (!(await settle(latest, printer))) return false;
      latest = undefined;
      return true;
    },
  };
}
