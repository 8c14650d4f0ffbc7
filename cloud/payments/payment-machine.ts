import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { assert } from '#shared/result/assert.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { ChargeStatus } from '#shared/wire/v1/charges.ts';
import { ruleOfChannelCode, type ChannelCodeTable } from '#cloud/channel/channel-codes.ts';
import type {
  ChargeOutcome,
  QueryOutcome,
  RefundOutcome,
  ReverseOutcome,
} from '#cloud/channel/channel-exchange.ts';
import type { AttemptTiming, Pace, PaymentTiming } from '#cloud/payments/payment-timing.ts';

/** What the cloud does next about an attempt, and when (milliseconds since 1970). */
export interface NextStep {
  readonly type: 'query' | 'reverse' | 'refund';
  readonly atMs: number;
}

/** Where one attempt stands. Durable: the worker reads it back after every restart. */
export interface AttemptProgress {
  readonly status: ChargeStatus;
  readonly pace: Pace;
  readonly submittedAtMs: number;
  /** Somebody asked to cancel: from now on money that is found goes back. */
  readonly cancelWanted: boolean;
  /** Money was found after the sale had been given up: it must go back. */
  readonly foundPaid: boolean;
  /** Reversals and refunds without a definite answer so far. */
  readonly fruitlessTries: number;
  /** Undefined exactly when the status is final. */
  readonly next: NextStep | undefined;
  readonly code: ErrorCode | undefined;
  readonly channelRef: string | undefined;
  readonly paidAtMs: number | undefined;
}

/** What was learned from a channel, and which call taught it. */
export type Learned =
  | { readonly from: 'charge'; readonly outcome: ChargeOutcome }
  | { readonly from: 'query'; readonly outcome: QueryOutcome }
  | { readonly from: 'reverse'; readonly outcome: ReverseOutcome }
  | { readonly from: 'refund'; readonly outcome: RefundOutcome };

const finalStatuses: ReadonlySet<ChargeStatus> = new Set([
  'paid',
  'failed',
  'reversed',
  'refunded-late',
]);

export const isFinal = (status: ChargeStatus): boolean => finalStatuses.has(status);

/**
 * An attempt whose request is about to leave. If nobody comes back to it, a query is due after the
 * read timeout.
 */
export const beginAttempt = (
  start: { readonly pace: Pace; readonly submittedAtMs: number },
  timing: PaymentTiming,
): AttemptProgress => ({
  status: 'submitting',
  ...start,
  cancelWanted: false,
  foundPaid: false,
  fruitlessTries: 0,
  next: { type: 'query', atMs: start.submittedAtMs + timing.chargeReadTimeoutMs },
  code: undefined,
  channelRef: undefined,
  paidAtMs: undefined,
});

/** When the cloud takes back, by itself, what nobody completed. */
export const deadlineMsOf = (
  progress: Pick<AttemptProgress, 'pace' | 'submittedAtMs'>,
  timing: PaymentTiming,
): number => progress.submittedAtMs + timing.forcedReverseAfterMs[progress.pace];

/**
 * A cancel request. A definite result stays what it is; everything else is on its way back from
 * here.
 */
export function askCancel(
  progress: AttemptProgress,
  nowMs: number,
  timing: AttemptTiming,
): AttemptProgress {
  if (isFinal(progress.status) || progress.cancelWanted) return progress;
  const wanted = { ...progress, cancelWanted: true };
  return progress.status === 'reversing' ? wanted : reversing(wanted, nowMs, timing);
}

/** What two people found about a charge that the channel does not explain. */
export type PeopleVerdict =
  | { readonly type: 'paid'; readonly channelRef: string; readonly paidAtMs: number }
  | { readonly type: 'not-paid' };

/** So long nobody but the machine decides. */
export const resolutionAfterMs = 86_400_000;

/** May people decide about it? Only about what is still open after {@link resolutionAfterMs}. */
export const isForPeople = (progress: AttemptProgress, nowMs: number): boolean =>
  !isFinal(progress.status) && nowMs - progress.submittedAtMs >= resolutionAfterMs;

/**
 * Ends an attempt as two people found it. Money that a channel tells of later goes back, as after
 * any reversal.
 */
export function resolveByPeople(
  progress: AttemptProgress,
  verdict: PeopleVerdict,
): AttemptProgress {
  assert(!isFinal(progress.status), () => `resolving an attempt that is ${progress.status}`);
  const ended = { ...progress, next: undefined };
  if (verdict.type === 'not-paid')
    return { ...ended, status: 'reversed', code: 'resolved-not-paid' };
  const { channelRef, paidAtMs } = verdict;
  return { ...ended, status: 'paid', code: undefined, channelRef, paidAtMs };
}

/**
 * Two people found that the order has its money from elsewhere: what was taken goes back, as money
 * that comes too late.
 */
export function giveBackByPeople(
  progress: AttemptProgress,
  nowMs: number,
  timing: AttemptTiming,
): AttemptProgress {
  assert(progress.status === 'paid', () => `giving back an attempt that is ${progress.status}`);
  return reversing({ ...progress, foundPaid: true }, nowMs, timing);
}

/**
 * When an answer came, and by which rules it is read: our durations, the channel's, and its table
 * of codes.
 */
export interface Moment {
  readonly nowMs: number;
  readonly timing: AttemptTiming;
  readonly codes: ChannelCodeTable;
}

/**
 * Takes in what a channel said at `nowMs`. Laws:
 * 1. Paid without a wish to cancel is final at once. Paid after a wish to cancel, or after a
 *    reversal may have left, goes back: a sale that was called off is never booked.
 * 2. Only a whitelisted failure of the charge itself is final; silence, doubt and new codes are
 *    left by asking.
 * 3. Once reversing, only `closed`, `refunded` or a final failure ends it.
 * 4. A final status never changes, except that money found after `failed` or `reversed` is given
 *    back.
 * 5. A number that the channel does not know is closed by a query only, and only when no charge can
 *    arrive any more.
 */
export function learn(
  progress: AttemptProgress,
  { from, outcome }: Learned,
  at: Moment,
): AttemptProgress {
  const { nowMs, timing } = at;
  const next = isFinal(progress.status)
    ? afterFinal(progress, outcome.type, at)
    : settle(progress, { from, outcome } as Learned, at);
  assert(
    (next.next === undefined) === isFinal(next.status),
    () => `${next.status} with next step ${JSON.stringify(next.next)} at ${nowMs}`,
  );
  assert(
    next.next?.type !== 'reverse' ||
      next.next.atMs >= next.submittedAtMs + timing.reverseAllowedAfterMs,
    () => `a reversal planned too early: ${JSON.stringify(next.next)}`,
  );
  return next;
}

function afterFinal(
  progress: AttemptProgress,
  outcome: Learned['outcome']['type'],
  { nowMs, timing }: { readonly nowMs: number; readonly timing: AttemptTiming },
): AttemptProgress {
  const mustGoBack = progress.status === 'failed' || progress.status === 'reversed';
  return outcome === 'paid' && mustGoBack
    ? reversing({ ...progress, foundPaid: true }, nowMs, timing)
    : progress;
}

function settle(
  before: AttemptProgress,
  { from, outcome }: Learned,
  { nowMs, timing, codes }: Moment,
): AttemptProgress {
  // Whatever answers a reversal proves that one was sent: there is no way back to a sale.
  const isReversing = before.status === 'reversing' || from === 'reverse' || from === 'refund';
  const progress: AttemptProgress = isReversing ? { ...before, status: 'reversing' } : before;
  switch (outcome.type) {
    case 'paid': {
      const { channelRef, paidAtMs } = outcome;
      if (isReversing) return giveBack({ ...progress, foundPaid: true }, nowMs, timing);
      return {
        ...progress,
        status: 'paid',
        next: undefined,
        code: undefined,
        channelRef,
        paidAtMs,
      };
    }
    case 'failed':
      return {
        ...progress,
        status: 'failed',
        next: undefined,
        code: ruleOfChannelCode(codes, outcome.code).till,
      };
    case 'closed':
      return {
        ...progress,
        status: 'reversed',
        next: undefined,
        code: progress.cancelWanted ? 'cancelled-by-cashier' : 'payer-gave-up',
      };
    case 'refunded':
      return { ...progress, status: 'refunded-late', next: undefined, code: 'paid-then-refunded' };
    case 'paying':
      return isReversing
        ? tryAgain(progress, nowMs, timing)
        : keepAsking({ ...progress, status: 'waiting-payer' }, 'payer-confirming', nowMs, timing);
    case 'broken-off':
      return isReversing ? tryAgain(progress, nowMs, timing) : reversing(progress, nowMs, timing);
    case 'refunding':
    case 'refund-failed':
    case 'no-such-refund':
      return tryAgain(progress, nowMs, timing);
    case 'unpaid':
      return unpaid(progress, nowMs, timing);
    case 'no-such-order':
      return { ...progress, next: { type: 'query', atMs: nowMs } };
    case 'too-early':
      return giveBack(progress, nowMs + timing.queryEveryMs, timing);
    case 'window-over':
      return giveBack(progress, nowMs, { ...timing, reverseWindowMs: 0 });
    case 'unknown': {
      if (isReversing) return tryAgain(progress, nowMs, timing);
      const status = progress.status === 'submitting' ? 'unknown' : progress.status;
      const pauseMs = from === 'charge' ? timing.firstQueryAfterMs : timing.queryEveryMs;
      const code = ruleOfChannelCode(codes, outcome.code).till;
      return keepAsking({ ...progress, status }, code, nowMs, { ...timing, queryEveryMs: pauseMs });
    }
    default:
      return exhaustive(outcome);
  }
}

/**
 * Asks again after a pause; when the payer's time is over, takes back at once, with no gap behind
 * this query.
 */
function keepAsking(
  progress: AttemptProgress,
  code: ErrorCode,
  nowMs: number,
  timing: AttemptTiming,
): AttemptProgress {
  const deadlineMs = deadlineMsOf(progress, timing);
  if (nowMs >= deadlineMs) return reversing(progress, nowMs, timing);
  const atMs = Math.min(nowMs + timing.queryEveryMs, deadlineMs);
  return { ...progress, code, next: { type: 'query', atMs } };
}

/**
 * Nobody is paying. Right after the charge that proves nothing yet; once it does, the order is
 * closed.
 */
function unpaid(progress: AttemptProgress, nowMs: number, timing: AttemptTiming): AttemptProgress {
  const ageMs = nowMs - progress.submittedAtMs;
  if (progress.status !== 'reversing') {
    if (ageMs >= timing.unpaidBelievedAfterMs) return reversing(progress, nowMs, timing);
    return keepAsking({ ...progress, status: 'unknown' }, 'channel-unknown', nowMs, timing);
  }
  const { unknownNumberFinalAfterMs: deadAfterMs = timing.reverseWindowMs + 1 } = timing;
  // Dead codes, and orders out of the reversal window, can no longer be paid.
  if (ageMs >= deadAfterMs && !progress.foundPaid) {
    const code = progress.cancelWanted ? 'cancelled-by-cashier' : 'payer-gave-up';
    return { ...progress, status: 'reversed', next: undefined, code };
  }
  if (timing.unknownNumberFinalAfterMs === undefined || progress.foundPaid)
    return tryAgain(progress, nowMs, timing);
  // Asking at that moment settles it; a charge that arrives until then is found by the same
  // question.
  return { ...progress, next: { type: 'query', atMs: progress.submittedAtMs + deadAfterMs } };
}

/** Turns round: from here on the money goes back, as soon as the channel allows it. */
function reversing(
  progress: AttemptProgress,
  nowMs: number,
  timing: AttemptTiming,
): AttemptProgress {
  // A charge without an answer may not have arrived: a reversal that overtakes it would find
  // nothing to reverse.
  const answeredMs =
    progress.status === 'submitting' ? progress.submittedAtMs + timing.chargeReadTimeoutMs : 0;
  const turned = { ...progress, status: 'reversing', code: 'channel-unknown' } as const;
  return giveBack(turned, Math.max(nowMs, answeredMs), timing);
}

const reverseFromMs = (progress: AttemptProgress, timing: AttemptTiming): number =>
  progress.submittedAtMs + timing.reverseAllowedAfterMs;

/**
 * The right way back at `atMs`: a reversal inside its window; behind it a refund of what was found,
 * or a look.
 */
function giveBack(progress: AttemptProgress, atMs: number, timing: AttemptTiming): AttemptProgress {
  const allowedMs = reverseFromMs(progress, timing);
  const isInWindow = atMs - progress.submittedAtMs <= timing.reverseWindowMs;
  const late = progress.foundPaid ? 'refund' : 'query';
  return {
    ...progress,
    next: isInWindow ? { type: 'reverse', atMs: Math.max(atMs, allowedMs) } : { type: late, atMs },
  };
}

/**
 * No definite answer: quickly again a few times, then at the janitor's pace, for as long as it
 * takes.
 */
function tryAgain(
  progress: AttemptProgress,
  nowMs: number,
  timing: AttemptTiming,
): AttemptProgress {
  const round = progress.fruitlessTries - timing.quickReversals;
  const last = timing.janitorPausesMs.length - 1;
  const pauseMs =
    round < 0 ? timing.queryEveryMs : (timing.janitorPausesMs[Math.min(round, last)] ?? 0);
  assert(pauseMs > 0, () => `no janitor pause for round ${round}`);
  const tried = { ...progress, fruitlessTries: progress.fruitlessTries + 1 };
  return giveBack(tried, nowMs + pauseMs, timing);
}
