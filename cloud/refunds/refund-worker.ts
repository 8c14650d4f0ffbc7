import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import { leaseDueRefunds } from '#cloud/refunds/refund-store.ts';
import { takeRefundStep, type RefundDeps } from '#cloud/refunds/settle-refund.ts';

/** Refunds one worker takes at a time. */
export const refundsPerStepMax = 16;
const idleMs = 500;
/** On top of the read timeout: after that the worker that took a refund is presumed dead. */
const leaseMarginMs = 20_000;

/** Follows every open refund to its end: asks the channel until it is definite, and the books until they have it. */
export const startRefundWorker = (deps: RefundDeps): WorkerLoop =>
  startWorkerLoop({
    name: 'refunds',
    idleMs,
    logger: deps.logger,
    scope: { type: 'across', work: 'payments' },
    step: () => runRefundsOnce(deps),
  });

/** Takes the next step of every refund that is due now, at most {@link refundsPerStepMax}. Returns how many. */
export async function runRefundsOnce(deps: RefundDeps): Promise<number> {
  const due = await leaseDueRefunds(deps.db, {
    nowMs: deps.clock.nowMs(),
    leaseMs: deps.timing.callReadTimeoutMs * 2 + leaseMarginMs,
    countMax: refundsPerStepMax,
  });
  const settled = await Promise.allSettled(due.map((refund) => takeRefundStep(deps, refund)));
  const failed = settled.find((one) => one.status === 'rejected');
  // One refund that cannot be stored must not hold up the others; the loop logs it and the lease brings it back.
  if (failed !== undefined) throw failed.reason;
  return due.length;
}
