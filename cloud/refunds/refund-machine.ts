import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { RefundOutcome } from '#cloud/channel/channel-exchange.ts';
import type { PaymentTiming } from '#cloud/payments/payment-timing.ts';

/**
 * Where a refund stands. `refunding` is left by a definite answer of the channel only, `booking` by
 * the books: the money went back for certain by then, and nothing that the books say undoes it.
 */
export interface RefundProgress {
  readonly status: 'refunding' | 'booking' | 'done' | 'failed';
  /** Calls without a definite answer so far. */
  readonly fruitlessTries: number;
  /** Undefined exactly when the status is final. */
  readonly nextAtMs: number | undefined;
  readonly code: ErrorCode | undefined;
}

/** A refund whose request is about to leave; if nobody comes back to it, it is asked about after the read timeout. */
export const beginRefund = (nowMs: number, timing: PaymentTiming): RefundProgress => ({
  status: 'refunding',
  fruitlessTries: 0,
  nextAtMs: nowMs + timing.callReadTimeoutMs,
  code: undefined,
});

/**
 * Takes in what a channel said about a refund. Laws:
 * 1. Only `refunded` means that the money went back; only a whitelisted refusal means that it never will.
 * 2. Everything else is asked again with the same number, first quickly, then by the janitor, who never gives up.
 * 3. What is definite stays.
 */
export function learnRefund(
  progress: RefundProgress,
  outcome: RefundOutcome,
  at: { readonly nowMs: number; readonly timing: PaymentTiming },
): RefundProgress {
  if (progress.status !== 'refunding') return progress;
  switch (outcome.type) {
    case 'refunded':
      return { ...progress, status: 'booking', nextAtMs: at.nowMs, code: undefined };
    case 'refund-failed':
      return { ...progress, status: 'failed', nextAtMs: undefined, code: 'refund-failed' };
    case 'refunding':
    case 'no-such-refund':
    case 'unknown': {
      const fruitlessTries = progress.fruitlessTries + 1;
      const pauseMs = pauseAfter(fruitlessTries, at.timing);
      return { ...progress, fruitlessTries, nextAtMs: at.nowMs + pauseMs, code: 'refund-unknown' };
    }
    default:
      return exhaustive(outcome);
  }
}

/** A share of the order comes back first: looked at again soon, then by the janitor. No byte of the refund has left. */
export const holdBack = (
  progress: RefundProgress,
  at: { readonly nowMs: number; readonly timing: PaymentTiming },
): RefundProgress => ({ ...bookAgain(progress, at), code: 'refund-waits-for-share' });

/** The books refused for now: they are asked again by the janitor. */
export function bookAgain(
  progress: RefundProgress,
  at: { readonly nowMs: number; readonly timing: PaymentTiming },
): RefundProgress {
  const fruitlessTries = progress.fruitlessTries + 1;
  return {
    ...progress,
    fruitlessTries,
    nextAtMs: at.nowMs + pauseAfter(fruitlessTries, at.timing),
  };
}

function pauseAfter(tries: number, timing: PaymentTiming): number {
  if (tries <= timing.quickReversals) return timing.queryEveryMs;
  const { janitorPausesMs: pauses } = timing;
  return pauses[Math.min(tries - timing.quickReversals, pauses.length) - 1] ?? timing.queryEveryMs;
}
