import type { Attempt } from '#cloud/payments/attempt.ts';
import { leaseDueAttempts } from '#cloud/payments/attempt-store.ts';
import { callChannel } from '#cloud/payments/call-channel.ts';
import { askNotifiedOnce } from '#cloud/payments/notifies/notified-questions.ts';
import { rebookLossesOnce } from '#cloud/payments/booking/parked-losses.ts';
import { rebookOnce } from '#cloud/payments/booking/parked-bookings.ts';
import { startBooker } from '#cloud/payments/booking/booker.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { recheckResolutionsOnce } from '#cloud/payments/resolution/resolution-checks.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';

/** Attempts one worker takes at a time. */
export const attemptsPerStepMax = 16;
const idleMs = 200;
const rebookEveryMs = 60_000;
const questionsIdleMs = 2_000;
/** On top of the read timeout: after that the worker that took an attempt is presumed dead. */
const leaseMarginMs = 20_000;

/**
 * Follows every open attempt to its end: queries, reversals, the janitor; books again what the
 * books refused; asks about money that a notify told of too late. All it knows is in the database,
 * so a restart, a second node or a killed process changes nothing but the time it takes.
 */
export function startPaymentWorker(deps: PaymentDeps): WorkerLoop {
  const { logger } = deps;
  const attempts = startWorkerLoop({
    name: 'payments',
    idleMs,
    logger,
    scope: { type: 'across', work: 'payments' },
    step: () => runPaymentsOnce(deps),
  });
  const bookings = startWorkerLoop({
    name: 'parked-bookings',
    idleMs: rebookEveryMs,
    logger,
    scope: { type: 'across', work: 'payments' },
    step: async () => {
      await rebookOnce(deps);
      await rebookLossesOnce(deps);
      await recheckResolutionsOnce(deps);
      return 0;
    },
  });
  const booker = startBooker(deps);
  const questions = startWorkerLoop({
    name: 'notified-questions',
    idleMs: questionsIdleMs,
    logger,
    scope: { type: 'across', work: 'payments' },
    step: () => askNotifiedOnce(deps),
  });
  return {
    wake: () => attempts.wake(),
    stop: async () => {
      await Promise.all([attempts.stop(), bookings.stop(), booker.stop(), questions.stop()]);
    },
  };
}

/**
 * Takes the next step of every attempt that is due now, at most {@link attemptsPerStepMax}. Returns
 * how many.
 */
export async function runPaymentsOnce(deps: PaymentDeps): Promise<number> {
  const due = await leaseDueAttempts(deps.db, {
    nowMs: deps.clock.nowMs(),
    leaseMs: deps.timing.callReadTimeoutMs + leaseMarginMs,
    countMax: attemptsPerStepMax,
  });
  const settled = await Promise.allSettled(due.map((attempt) => takeStep(deps, attempt)));
  const failed = settled.find((one) => one.status === 'rejected');
  // One attempt that cannot be stored must not hold up the others; the loop logs it and the lease
  // brings it back.
  if (failed !== undefined) throw failed.reason;
  return due.length;
}

async function takeStep(deps: PaymentDeps, attempt: Attempt): Promise<void> {
  const { next } = attempt.progress;
  if (next !== undefined) await callChannel(deps, attempt, { type: next.type });
}
