import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { dayTimesOf, refundTimeMs } from '#terminal/agent/business-time.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { daySlipContent, testContent } from '#terminal/agent/printing/day-slip.ts';
import { couponSlipContent } from '#terminal/agent/printing/coupon-slip.ts';
import { refundSlipContent } from '#terminal/agent/printing/refund-slip.ts';
import type { ReceiptDesk } from '#terminal/agent/printing/receipt-desk.ts';
import type { PrintJobRow } from '#terminal/agent/printing/spool-view.ts';
import { couponCode, couponToken, couponTokenHash } from '#terminal/agent/promotion/coupon-code.ts';
import { localToday } from '#terminal/agent/tally/read-today.ts';

/** The reason of a test job that prints a sample receipt. */
export const sampleReason = 'receipt-sample';

/** Says what is on the paper of a job, from the journal as it stands when the paper begins. */
export function createPaperContent(deps: {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly businessClock: Clock;
  readonly config: () => ConfigPayload | undefined;
  readonly receipts: Pick<ReceiptDesk, 'receipt' | 'sample'>;
  /** 32 bytes that only this till has. */
  readonly hashKey: () => Buffer;
}): (job: PrintJobRow) => readonly ReceiptCommand[] | undefined {
  return (job) => {
    switch (job.kind) {
      case 'receipt':
        return deps.receipts.receipt(job.orderId ?? '', job.copy);
      case 'day-slip':
        return daySlipContent({
          merchantName: deps.config()?.merchantName ?? '',
          today: localToday(deps),
          printedAtMs: deps.businessClock.nowMs(),
        });
      case 'test':
        return job.reason === sampleReason
          ? deps.receipts.sample()
          : testContent(deps.businessClock.nowMs());
      case 'refund-slip':
        return refundSlip(deps, job);
      case 'coupon':
        return couponSlip(deps, job);
      case 'drawer':
        return undefined;
    }
  };
}

/** The coupon that a sale brought; undefined when its code can be made no more, as after another till's key. */
function couponSlip(
  deps: Pick<Parameters<typeof createPaperContent>[0], 'journal' | 'hashKey'>,
  { orderId, copy }: PrintJobRow,
): readonly ReceiptCommand[] | undefined {
  const order = findOrder(deps.journal.read, (orderId ?? '') as OrderId)?.order;
  if (!order?.coupon) return undefined;
  const token = couponToken(deps.hashKey(), order.orderId);
  if (couponTokenHash(token) !== order.coupon.tokenHash) return undefined;
  return couponSlipContent({ coupon: order.coupon, code: couponCode(token), copy });
}

/** The slip of a refund; undefined when there is none, as in a store that was cut. */
function refundSlip(
  deps: Parameters<typeof createPaperContent>[0],
  { orderId, reason, copy }: PrintJobRow,
): readonly ReceiptCommand[] | undefined {
  const order = findOrder(deps.journal.read, (orderId ?? '') as OrderId)?.order;
  const refund = order?.refunds?.[Number(reason) - 1];
  if (!order || !refund) return undefined;
  const { merchantName = '', storeName = '', storePhone = '' } = deps.config() ?? {};
  const shop = { merchantName, storeName, storePhone };
  const askedAtMs = refundTimeMs(order, refund, dayTimesOf(deps));
  const printedAtMs = deps.businessClock.nowMs();
  return refundSlipContent({ ...shop, order, refund, copy, askedAtMs, printedAtMs });
}
