import type { Attempt } from '#cloud/payments/attempt.ts';
import { shanghaiMinute } from '#shared/time/business-day.ts';
import type { ReviewedSale } from '#cloud/review/review-store.ts';

/** An attempt as the rules of review look at it. Who pays is known only behind the payment. */
export const saleOf = (attempt: Attempt, payerHash: string | undefined): ReviewedSale => ({
  operatorId: attempt.operatorId,
  merchantId: attempt.merchantId,
  terminalId: attempt.terminalId,
  orderId: attempt.orderId,
  amountFen: attempt.amountFen,
  atMs: attempt.progress.submittedAtMs,
  minute: shanghaiMinute(attempt.progress.submittedAtMs),
  payerHash,
  network: attempt.network,
});
