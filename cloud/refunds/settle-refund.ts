import { assert } from '#shared/result/assert.ts';
import { findAttempt } from '#cloud/payments/attempt-store.ts';
import { recordAnswer, recordCall, type CallKind } from '#cloud/payments/call-store.ts';
import type { Attempt } from '#cloud/payments/attempt.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import type { Answered, RefundOutcome } from '#cloud/channel/channel-exchange.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { bookRefund } from '#cloud/refunds/book-refund.ts';
import { bookAgain, holdBack, learnRefund } from '#cloud/refunds/refund-machine.ts';
import {
  lockRefund,
  saveRefund,
  findRefund,
  type KeptRefund,
} from '#cloud/refunds/refund-store.ts';
import { gateOfRefund } from '#cloud/refunds/return-before-refund.ts';

export type RefundDeps = Pick<PaymentDeps, 'db' | 'clock' | 'logger' | 'channels' | 'timing'>;

/** The next step of an open refund: ask the channel, or the books. `callNo`: the record of its first call is there. */
export async function takeRefundStep(
  deps: RefundDeps,
  refund: KeptRefund,
  first?: { readonly callNo: number },
): Promise<KeptRefund> {
  if (refund.progress.status === 'booking') return await settle(deps, refund);
  const attempt = await chargeOf(deps, refund);
  const channel = deps.channels.get(attempt.channel);
  assert(channel !== undefined, () => `no adapter for channel ${attempt.channel}`);
  if (first === undefined) {
    const held = await heldBack(deps, refund, channel);
    if (held !== undefined) return held;
  }
  // The first request is the refund itself; later ones ask, where the channel can be asked.
  if (first === undefined && channel.queryRefund !== undefined) {
    const asked = await callAndSettle(deps, { refund, attempt, kind: 'query-refund' });
    if (asked.outcome !== 'no-such-refund') return asked.refund;
  }
  const sent = await callAndSettle(deps, { refund, attempt, kind: 'refund', ...first });
  return sent.refund;
}

/** The refund as it waits for a share of its order to come back; undefined when it may go. */
async function heldBack(
  deps: RefundDeps,
  refund: KeptRefund,
  channel: Channel,
): Promise<KeptRefund | undefined> {
  return await retriedTransaction(deps.db, async (tx) => {
    const nowMs = deps.clock.nowMs();
    const before = await lockRefund(tx, refund);
    if (before?.progress.status !== 'refunding') return before;
    if ((await gateOfRefund(tx, before, { channel, nowMs })) === 'go') return undefined;
    const progress = holdBack(before.progress, { nowMs, timing: deps.timing });
    await saveRefund(tx, refund, { progress });
    return { ...before, progress };
  });
}

async function chargeOf(
  deps: RefundDeps,
  { operatorId, orderId, charge }: KeptRefund,
): Promise<Attempt> {
  assert(charge !== undefined, () => `a refund of ${orderId} without a charge`);
  const attempt = await findAttempt(deps.db, { operatorId, orderId, attempt: charge.attempt });
  assert(attempt !== undefined, () => `no attempt ${charge.attempt} of ${orderId}`);
  return attempt;
}

interface RefundCall {
  readonly refund: KeptRefund;
  readonly attempt: Attempt;
  readonly kind: Extract<CallKind, 'refund' | 'query-refund'>;
  readonly callNo?: number;
}

/** One call: its record first, then the bytes, then the answer and all that follows from it. */
async function callAndSettle(
  deps: RefundDeps,
  call: RefundCall,
): Promise<{ readonly refund: KeptRefund; readonly outcome: RefundOutcome['type'] }> {
  const { refund, attempt, kind } = call;
  const nowMs = deps.clock.nowMs();
  const callNo = call.callNo ?? (await recordCall(deps.db, attempt, { kind, nowMs }));
  const answered = await ask(deps, call);
  const answer = { attempt, callNo, answered };
  return { refund: await settle(deps, refund, answer), outcome: answered.outcome.type };
}

function ask(
  deps: RefundDeps,
  { refund, attempt, kind }: RefundCall,
): Promise<Answered<RefundOutcome>> {
  const channel = deps.channels.get(attempt.channel);
  assert(channel !== undefined && refund.charge !== undefined, () => `no channel for ${kind}`);
  const order = {
    channelMerchantNo: attempt.channelMerchantNo,
    outTradeNo: attempt.outTradeNo,
    netFen: attempt.netFen,
    openedAtMs: attempt.openedAtMs,
    outRefundNo: refund.charge.outRefundNo,
    refundFen: refund.cashFen,
    askedAtMs: refund.askedAtMs,
  };
  return kind === 'query-refund' && channel.queryRefund !== undefined
    ? channel.queryRefund(order)
    : channel.refund(order);
}

interface RefundAnswer {
  readonly attempt: Attempt;
  readonly callNo: number;
  readonly answered: Answered<RefundOutcome>;
}

/**
 * Takes an answer in, in one transaction with its evidence and with the books when the money went back. Applying the
 * same answer twice changes nothing. What the books refuse stays `booking`, with the reason, and is tried again.
 */
async function settle(
  deps: RefundDeps,
  key: KeptRefund,
  answer?: RefundAnswer,
): Promise<KeptRefund> {
  const after = await retriedTransaction(deps.db, async (tx) => {
    const nowMs = deps.clock.nowMs();
    const before = await lockRefund(tx, key);
    assert(before !== undefined, () => `refund ${key.refundNo} of ${key.orderId} is gone`);
    if (answer !== undefined) await keepAnswer(tx, answer, nowMs);
    const progress =
      answer === undefined
        ? before.progress
        : learnRefund(before.progress, answer.answered.outcome, { nowMs, timing: deps.timing });
    if (progress.status !== 'booking') {
      if (before.progress.nextAtMs !== undefined) await saveRefund(tx, key, { progress });
      return { ...before, progress };
    }
    const booked = await bookRefund(tx, before, nowMs);
    if (booked.ok) return await findRefund(tx, key);
    const bookError = JSON.stringify(booked.error);
    const again = bookAgain(progress, { nowMs, timing: deps.timing });
    await saveRefund(tx, key, { progress: again, bookError });
    deps.logger.warn(
      { orderId: key.orderId, refundNo: key.refundNo, bookError },
      'refund not booked',
    );
    return { ...before, progress: again };
  });
  return after ?? key;
}

async function keepAnswer(
  tx: Tx,
  { attempt, callNo, answered }: RefundAnswer,
  nowMs: number,
): Promise<void> {
  const { outcome, evidence } = answered;
  const said = 'code' in outcome ? `${outcome.type} ${outcome.code}` : outcome.type;
  await recordAnswer(tx, attempt, { callNo, nowMs, outcome: said, evidence });
}
