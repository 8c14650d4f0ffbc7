import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { localToday } from '#terminal/agent/handlers.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { daySlipContent, testContent } from '#terminal/agent/printing/day-slip.ts';
import { receiptContent } from '#terminal/agent/printing/receipt-content.ts';
import type { PrintJobRow } from '#terminal/agent/printing/spool-view.ts';
import { isDelivered } from '#terminal/agent/uplink/undelivered.ts';

/** Says what is on the paper of a job, from the journal as it stands when the paper begins. */
export function createPaperContent(deps: {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly config: () => ConfigPayload | undefined;
}): (job: PrintJobRow) => readonly ReceiptCommand[] | undefined {
  const { read } = deps.journal;
  const receipt = (job: PrintJobRow): readonly ReceiptCommand[] | undefined => {
    const stored = findOrder(read, (job.orderId ?? '') as OrderId);
    if (!stored) return undefined;
    const config = deps.config();
    return receiptContent({
      merchantName: config?.merchantName ?? '',
      storeName: config?.storeName ?? '',
      storePhone: config?.storePhone ?? '',
      order: stored.order,
      changedAtMs: stored.changedAtMs,
      claimUrl: (config?.claimBaseUrl ?? '') + stored.claimToken,
      synced: isDelivered(read, stored),
      copy: job.copy,
    });
  };
  return (job) => {
    switch (job.kind) {
      case 'receipt':
        return receipt(job);
      case 'day-slip':
        return daySlipContent({
          merchantName: deps.config()?.merchantName ?? '',
          today: localToday(deps),
          printedAtMs: deps.clock.nowMs(),
        });
      case 'test':
        return testContent(deps.clock.nowMs());
      case 'drawer':
        return undefined;
    }
  };
}
