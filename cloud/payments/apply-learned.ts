import type { NamedMember } from '#shared/wire/v1/common.ts';
import type { OrderResult } from '#shared/wire/v1/terminals.ts';
import { namedMember } from '#cloud/members/named-member.ts';
import { isPaidOtherwise } from '#cloud/orders/paid-otherwise.ts';
import { appendResult } from '#cloud/orders/results.ts';
import { enterBooks, type Ended } from '#cloud/payments/booking/book-attempt.ts';
import type { Attempt, AttemptKey } from '#cloud/payments/attempt.ts';
import {
  isOrderInHand,
  lockAttempt,
  savePayer,
  saveProgress,
} from '#cloud/payments/attempt-store.ts';
import { recordAnswer } from '#cloud/payments/call-store.ts';
import type { CallEvidence } from '#cloud/channel/channel-exchange.ts';
import {
  ruleOfChannelCode,
  type ChannelCodeRule,
  type ChannelCodeTable,
} from '#cloud/channel/channel-codes.ts';
import { concludeWithholding } from '#cloud/payments/offline/outcome.ts';
import { endPaidTwice } from '#cloud/payments/paid-twice/paid-twice-store.ts';
import { payerHashOf, timingAt, type PaymentDeps } from '#cloud/payments/payment-deps.ts';
import {
  askCancel,
  isFinal,
  learn,
  type AttemptProgress,
  type Learned,
} from '#cloud/payments/payment-machine.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { joined } from '#cloud/payments/join-sale.ts';
import { holdAgainst } from '#cloud/payments/resolution/hold-against.ts';
import { raiseChannelAlarm } from '#cloud/payments/routing/channel-alarms.ts';
import type { Seen } from '#cloud/payments/routing/channel-health.ts';
import { endReservation } from '#cloud/payments/routing/channel-quota.ts';
import type { Tx } from '#cloud/platform/db.ts';

/**
 * An answer on its way into the books: what it taught, and the record of the call it belongs to.
 */
export interface LearnedCall {
  readonly learned: Learned;
  readonly callNo: number;
  readonly evidence: CallEvidence;
  /** How long the answer, or its absence, took. */
  readonly latencyMs: number;
}

/**
 * Takes an answer in, in one transaction: the evidence, the attempt's new state, and everything
 * that follows from a final state. Applying the same answer twice changes nothing: the machine
 * knows its final states.
 */
export async function applyLearned(
  deps: PaymentDeps,
  key: AttemptKey,
  call: LearnedCall,
): Promise<Attempt | undefined> {
  const after = await retriedTransaction(deps.db, (tx) => applyInside(tx, deps, key, call));
  if (after !== undefined) tellOthers(deps, after, call);
  return after;
}

/**
 * What follows outside of the transaction: the channel's health, and a hint to the till when there
 * is a result.
 */
export function tellOthers(deps: PaymentDeps, after: Attempt, call: LearnedCall): void {
  noteHealth(deps, after, call);
  if (isFinal(after.progress.status)) deps.hints.pull(after);
}

/** {@link applyLearned} as a part of a larger transaction; health and hints are the caller's. */
export async function applyInside(
  tx: Tx,
  deps: Pick<PaymentDeps, 'channels' | 'clock' | 'contentKey' | 'timing' | 'vouchers'>,
  key: AttemptKey,
  call: Omit<LearnedCall, 'latencyMs'>,
): Promise<Attempt | undefined> {
  const nowMs = deps.clock.nowMs();
  const before = await lockAttempt(tx, key);
  if (before === undefined) return undefined;
  const { outcome } = call.learned;
  const said = 'code' in outcome ? `${outcome.type} ${outcome.code}` : outcome.type;
  await recordAnswer(tx, key, {
    callNo: call.callNo,
    nowMs,
    outcome: said,
    evidence: call.evidence,
  });
  const codes = codesOf(deps, before);
  if (ruleOfCharge(deps, before, call)?.cloud === 'close-channel' && 'code' in outcome)
    await raiseChannelAlarm(tx, { ...before, code: outcome.code, nowMs });
  if (isFinal(before.progress.status)) await holdAgainst(tx, { ...before, outcome, nowMs });
  // Cash was taken while this charge was in doubt: its money goes back by itself, as after a
  // cancel.
  const isTooLate = outcome.type === 'paid' && (await isPaidOtherwise(tx, before));
  const timing = timingAt(deps, before.channel);
  const known = isTooLate ? askCancel(before.progress, nowMs, timing) : before.progress;
  const progress = learn(known, call.learned, { nowMs, timing, codes });
  const payerHash =
    outcome.type === 'paid' && outcome.payerId !== undefined
      ? payerHashOf(deps.contentKey, before.channel, outcome.payerId)
      : undefined;
  return await moveTo(tx, deps, before, { progress, nowMs, payerHash });
}

/**
 * Stores a new state of an attempt and, when it has just become final, everything that follows from
 * it.
 */
export async function moveTo(
  tx: Tx,
  deps: Pick<PaymentDeps, 'vouchers' | 'timing'>,
  before: Attempt,
  change: {
    readonly progress: AttemptProgress;
    readonly nowMs: number;
    readonly payerHash?: string | undefined;
  },
): Promise<Attempt> {
  const after: Attempt = { ...before, progress: change.progress };
  const hasJustEnded = before.progress.next !== undefined && after.progress.next === undefined;
  await saveProgress(tx, before, change);
  if (change.payerHash !== undefined) await savePayer(tx, before, change.payerHash);
  const ended = hasJustEnded ? await conclude(tx, deps, { attempt: after, ...change }) : after;
  // Every charge of a shop meets in its quota's rows: they are locked last, as for a new attempt,
  // so that they are held for a moment and no two orders of locking make a deadlock. Money found
  // after the end makes an attempt end twice; its quota was given back the first time.
  if (hasJustEnded && before.holdsQuota)
    await endReservation(tx, after, after.progress.status === 'paid' ? 'used' : 'released');
  return ended;
}

async function conclude(
  tx: Tx,
  deps: Pick<PaymentDeps, 'vouchers' | 'timing'>,
  { attempt, nowMs, payerHash }: Ended,
): Promise<Attempt> {
  const { status } = attempt.progress;
  if (attempt.kind === 'withhold') {
    await concludeWithholding(tx, deps, { attempt, nowMs });
    return attempt;
  }
  const known = status === 'paid' ? await joined(tx, { attempt, nowMs, payerHash }) : attempt;
  if (status === 'paid') await enterBooks(tx, deps, [{ attempt: known, nowMs, payerHash }]);
  else {
    await freeVouchers(tx, deps, { attempt, nowMs });
    await endPaidTwice(tx, { attempt, nowMs });
  }
  await appendResult(tx, {
    operatorId: attempt.operatorId,
    terminalId: attempt.terminalId,
    resultKey: `charge:${attempt.orderId}:${attempt.attempt}:${status}`,
    result: resultOf(attempt, nowMs, status === 'paid' ? await namedMember(tx, known) : undefined),
  });
  return known;
}

/**
 * No sale came of it. After a failure or a reversal the order may be tried again with the same
 * vouchers; after a refund it is over. An attempt that ends a second time, because money was found
 * late, leaves alone what a younger one uses.
 */
async function freeVouchers(
  tx: Tx,
  deps: Pick<PaymentDeps, 'vouchers'>,
  { attempt, nowMs }: Ended,
): Promise<void> {
  const { operatorId, orderId, reservationId } = attempt;
  if (reservationId === undefined || (await isOrderInHand(tx, attempt))) return;
  const part = { operatorId, orderId, reservationId, nowMs };
  if (attempt.progress.status === 'refunded-late') await deps.vouchers.release(tx, part);
  else await deps.vouchers.unpin(tx, part);
}

/** An attempt that has ended, as its till reads of it. */
export function resultOf(
  attempt: Attempt,
  nowMs: number,
  member: NamedMember | undefined,
): Omit<OrderResult, 'cursor'> {
  const { status, channelRef, code } = attempt.progress;
  if (
    status !== 'paid' &&
    status !== 'failed' &&
    status !== 'reversed' &&
    status !== 'refunded-late'
  )
    throw new Error(`invariant broken: a result of the open status ${status}`);
  return {
    orderId: attempt.orderId,
    result: status,
    attempt: attempt.attempt,
    channel: attempt.channel,
    atMs: nowMs,
    ...(status === 'paid' ? { voucherFen: attempt.voucherFen } : {}),
    ...(channelRef === undefined ? {} : { channelRef }),
    ...(code === undefined ? {} : { code }),
    ...(member === undefined ? {} : { member }),
  };
}

/** What a charge's answer means by the channel's own table; undefined for every other call. */
function ruleOfCharge(
  deps: Pick<PaymentDeps, 'channels'>,
  attempt: Attempt,
  { learned }: Pick<LearnedCall, 'learned'>,
): ChannelCodeRule | undefined {
  const { outcome } = learned;
  if (learned.from !== 'charge' || !('code' in outcome)) return undefined;
  const codes = codesOf(deps, attempt);
  return Object.hasOwn(codes, outcome.code) ? ruleOfChannelCode(codes, outcome.code) : undefined;
}

function noteHealth(deps: PaymentDeps, attempt: Attempt, call: LearnedCall): void {
  const { channel, merchantId, outTradeNo } = attempt;
  const rule = ruleOfCharge(deps, attempt, call);
  deps.health.saw(attempt, seenOf(call, rule), deps.clock.nowMs());
  if (rule?.cloud === 'close-channel')
    deps.logger.error({ channel, merchantId }, 'the channel refuses this merchant');
  if (rule?.cloud === 'alarm')
    deps.logger.error({ outTradeNo }, 'the channel knows this number already');
}

/**
 * No answer that can be believed, or one that says "our fault", speaks against the channel; a
 * payer's fault does not.
 */
function seenOf({ learned, evidence, latencyMs }: LearnedCall, rule?: ChannelCodeRule): Seen {
  if (evidence.signature === 'no-answer') return { event: 'bad' };
  const isTooMany = rule?.cloud === 'back-off';
  if (rule?.cloud === 'close-channel') return { event: 'refused', latencyMs };
  const isDoubtful = learned.from === 'charge' && learned.outcome.type === 'unknown';
  const isBad = evidence.signature !== 'valid' || (isDoubtful && rule?.cloud === 'query');
  return { event: isBad && !isTooMany ? 'bad' : 'good', latencyMs, isTooMany };
}

/** The table of the channel that answered. Without its adapter nobody could have asked. */
export const codesOf = (
  deps: Pick<PaymentDeps, 'channels'>,
  { channel }: Attempt,
): ChannelCodeTable => deps.channels.get(channel)?.profile.codes ?? {};
