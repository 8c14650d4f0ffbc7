import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { daySlipContent, testContent } from '#terminal/agent/printing/day-slip.ts';
import type { ReceiptDesk } from '#terminal/agent/printing/receipt-desk.ts';
import type { PrintJobRow } from '#terminal/agent/printing/spool-view.ts';
import { localToday } from '#terminal/agent/tally/read-today.ts';

/** The reason of a test job that prints a sample receipt. */
export const sampleReason = 'receipt-sample';

/** Says what is on the paper of a job, from the journal as it stands when the paper begins. */
export function createPaperContent(deps: {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly config: () => ConfigPayload | undefined;
  readonly receipts: Pick<ReceiptDesk, 'receipt' | 'sample'>;
}): (job: PrintJobRow) => readonly ReceiptCommand[] | undefined {
  return (job) => {
    switch (job.kind) {
      case 'receipt':
        return deps.receipts.receipt(job.orderId ?? '', job.copy);
      case 'day-slip':
        return daySlipContent({
          merchantName: deps.config()?.merchantName ?? '',
          today: localToday(deps),
          printedAtMs: deps.clock.nowMs(),
        });
      case 'test':
        return job.reason === sampleReason
          ? deps.receipts.sample()
          : testContent(deps.clock.nowMs());
      case 'drawer':
        return undefined;
    }
  };
}
