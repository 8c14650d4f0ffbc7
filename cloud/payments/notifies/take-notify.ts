import { createHash } from 'node:crypto';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { maskCodes, type Paid } from '#cloud/channel/channel-exchange.ts';
import { judgeNotified, type ChannelEvent } from '#cloud/channel/channel-notify.ts';
import { applyInside } from '#cloud/payments/apply-learned.ts';
import type { Attempt } from '#cloud/payments/attempt.ts';
import { hurryAttempt, lockAttemptByNumber } from '#cloud/payments/attempt-store.ts';
import { recordCall } from '#cloud/payments/call-store.ts';
import {
  keepNotify,
  saveVerdict,
  type NotifyFinding,
  type NotifyVerdict,
} from '#cloud/payments/notifies/notify-store.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { isFinal } from '#cloud/payments/payment-machine.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';

/** What other rooms do when a channel tells of a number of theirs. Undefined: no such number. */
export interface NotifyWakes {
  refund(tx: Tx, told: Told & { readonly outRefundNo: string }): Promise<Woken | undefined>;
  instruction(tx: Tx, told: Told & { readonly instructionNo: string }): Promise<Woken | undefined>;
}

interface Told {
  readonly operatorId: OperatorId;
  readonly nowMs: number;
}

interface Woken {
  /** It was open, and its query comes at once. */
  readonly isOpen: boolean;
  /**
   * People ended it without the channel's word: whatever the channel tells of it now, they should
   * hear.
   */
  readonly isEndedByPeople?: boolean;
  readonly merchantId: MerchantId | undefined;
}

export interface NotifyDeps extends PaymentDeps {
  readonly operatorId: OperatorId;
  readonly wakes: NotifyWakes;
}

/** A verified notify. */
export interface VerifiedNotify {
  /** The account it came for. */
  readonly channel: string;
  readonly event: ChannelEvent;
  readonly body: Uint8Array;
}

/** Our order number is the first part of every number that belongs to it. */
const orderNumberChars = 28;

interface Found {
  readonly verdict: NotifyVerdict;
  readonly about?: NonNullable<Parameters<typeof saveVerdict>[2]['about']>;
  /** The attempt that it moved. */
  readonly moved?: Attempt;
}

/**
 * Takes a verified notify in, in one transaction; when this returns it is stored and the channel
 * may be answered. Laws:
 * 1. It decides no more than a verified answer to a query: number, merchant and amount are checked,
 *    and it goes through the payment machine. Nothing but "paid" is believed; every other word is a
 *    reason to ask.
 * 2. An attempt that has ended is never moved by it: the notify may be older than the end. Queries
 *    decide.
 * 3. The same event again changes nothing. What fits nothing of ours is kept for people.
 */
export async function takeNotify(
  deps: NotifyDeps,
  notify: VerifiedNotify,
): Promise<NotifyVerdict['type'] | 'repeated'> {
  const { operatorId } = deps;
  const { channel, event, body } = notify;
  const key = { operatorId, channel, eventId: event.eventId };
  const nowMs = deps.clock.nowMs();
  const digest = createHash('sha256').update(body).digest('hex');
  const found = await retriedTransaction(deps.db, async (tx) => {
    const one = { ...key, kind: event.type, outNo: numberOf(event), digest, nowMs };
    const isNew = await keepNotify(tx, { ...one, said: saidOf(event) });
    if (!isNew) return undefined;
    const led = await lead(tx, deps, { ...notify, digest, nowMs });
    await saveVerdict(tx, key, led);
    return led;
  });
  const moved = found?.moved;
  if (moved !== undefined && isFinal(moved.progress.status)) deps.hints.pull(moved);
  return found?.verdict.type ?? 'repeated';
}

type Taken = VerifiedNotify & { readonly digest: string; readonly nowMs: number };

async function lead(tx: Tx, deps: NotifyDeps, taken: Taken): Promise<Found> {
  const { event, nowMs } = taken;
  const told = { operatorId: deps.operatorId, nowMs };
  switch (event.type) {
    case 'payment':
      return await leadPayment(tx, deps, { ...taken, event });
    case 'refund': {
      const woken = await deps.wakes.refund(tx, { ...told, outRefundNo: event.outNo });
      return woken === undefined ? await leadTakenBack(tx, deps, taken) : wakingOf(woken);
    }
    case 'split':
    case 'payout': {
      const woken = await deps.wakes.instruction(tx, { ...told, instructionNo: event.outNo });
      return woken === undefined ? findingOf('number-unknown') : wakingOf(woken);
    }
    case 'echo':
    case 'other':
      return { verdict: { type: 'no-news' } };
    default:
      return exhaustive(event);
  }
}

async function leadPayment(
  tx: Tx,
  deps: NotifyDeps,
  taken: Taken & { readonly event: Extract<ChannelEvent, { type: 'payment' }> },
): Promise<Found> {
  const { channel, event, nowMs } = taken;
  const number = { operatorId: deps.operatorId, channel, outTradeNo: event.outTradeNo };
  const attempt = await lockAttemptByNumber(tx, number);
  if (attempt === undefined) return findingOf('number-unknown');
  const judged = judgeNotified(event, attempt);
  if (judged.type === 'paid') return await leadPaid(tx, deps, { ...taken, attempt, paid: judged });
  const isHurried = await hurryAttempt(tx, attempt, nowMs);
  if (judged.code === 'order-mismatch') return findingOf('order-mismatch', attempt);
  return { verdict: { type: isHurried ? 'hurried' : 'no-news' }, about: attempt };
}

async function leadPaid(
  tx: Tx,
  deps: NotifyDeps,
  taken: Taken & { readonly attempt: Attempt; readonly paid: Paid },
): Promise<Found> {
  const { attempt, paid, nowMs } = taken;
  const { status, channelRef } = attempt.progress;
  if (status === 'paid')
    return channelRef === paid.channelRef
      ? { verdict: { type: 'no-news' }, about: attempt }
      : findingOf('reference-mismatch', attempt);
  if (status === 'failed' || status === 'reversed')
    return { verdict: { type: 'asking', askAtMs: nowMs }, about: attempt };
  if (isFinal(status)) return { verdict: { type: 'no-news' }, about: attempt };
  const callNo = await recordCall(tx, attempt, { kind: 'query', nowMs });
  const moved = await applyInside(tx, deps, attempt, {
    learned: { from: 'query', outcome: paid },
    callNo,
    evidence: {
      requestDigest: taken.digest,
      httpStatus: 0,
      rawAnswer: saidOf(taken.event),
      signature: 'valid',
    },
  });
  return { verdict: { type: 'taken' }, about: attempt, ...(moved === undefined ? {} : { moved }) };
}

/** A refund that is no refund of a sale: the machine's own, of a charge that was called off. */
async function leadTakenBack(tx: Tx, deps: NotifyDeps, taken: Taken): Promise<Found> {
  const outTradeNo = numberOf(taken.event).slice(0, orderNumberChars);
  const number = { operatorId: deps.operatorId, channel: taken.channel, outTradeNo };
  const attempt = await lockAttemptByNumber(tx, number);
  if (attempt === undefined) return findingOf('number-unknown');
  const isHurried = await hurryAttempt(tx, attempt, taken.nowMs);
  return { verdict: { type: isHurried ? 'hurried' : 'no-news' }, about: attempt };
}

const findingOf = (finding: NotifyFinding, about?: Attempt): Found => ({
  verdict: { type: 'finding', finding },
  ...(about === undefined ? {} : { about }),
});

const wakingOf = ({ isOpen, isEndedByPeople, merchantId }: Woken): Found => ({
  verdict:
    isEndedByPeople === true
      ? { type: 'finding', finding: 'not-confirmed' }
      : { type: isOpen ? 'hurried' : 'no-news' },
  about: { merchantId },
});

function numberOf(event: ChannelEvent): string {
  if (event.type === 'payment') return event.outTradeNo;
  return 'outNo' in event ? event.outNo : '';
}

/** The event as it is kept. Who paid is not: only a keyed hash of it may be. */
function saidOf(event: ChannelEvent): string {
  const { payerId: _payer, ...rest } = { payerId: undefined, ...event };
  return maskCodes(JSON.stringify(rest));
}
