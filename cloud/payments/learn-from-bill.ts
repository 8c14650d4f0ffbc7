import type { Attempt, AttemptKey } from '#cloud/payments/attempt.ts';
import { moveTo } from '#cloud/payments/apply-learned.ts';
import { lockAttempt } from '#cloud/payments/attempt-store.ts';
import { recordAnswer, recordCall } from '#cloud/payments/call-store.ts';
import type { QueryOutcome } from '#cloud/channel/channel-exchange.ts';
import { timingAt, type PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { isFinal, learn } from '#cloud/payments/payment-machine.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import type { Tx } from '#cloud/platform/db.ts';

/**
 * What a bill can say about a charge: it is there, it came and went back, or two bills do not know
 * it.
 */
export type BillVerdict = Extract<QueryOutcome, { type: 'paid' | 'refunded' | 'closed' }>;

/**
 * The bill is the last judge of a charge nobody could get an answer about. Its word goes through
 * the payment machine like the answer of a query, with the bill as evidence. An attempt that has
 * ended is left alone, unless `isLate`: people found that a charge which ended without money was
 * paid, and the machine gives it back. Undefined: nothing changed.
 */
export async function learnFromBill(
  deps: Pick<PaymentDeps, 'db' | 'clock' | 'timing' | 'channels' | 'vouchers' | 'hints'>,
  key: AttemptKey,
  said: BillWord,
): Promise<Attempt | undefined> {
  const after = await retriedTransaction(deps.db, (tx) => learnInside(tx, deps, key, said));
  if (after !== undefined && isFinal(after.progress.status)) deps.hints.pull(after);
  return after;
}

export interface BillWord {
  readonly verdict: BillVerdict;
  /** The bill's digest, hex, and what of it speaks. */
  readonly digest: string;
  readonly text: string;
  readonly isLate?: boolean;
}

/** {@link learnFromBill} as a part of a larger transaction. */
export async function learnInside(
  tx: Tx,
  deps: Pick<PaymentDeps, 'clock' | 'timing' | 'channels' | 'vouchers'>,
  key: AttemptKey,
  said: BillWord,
): Promise<Attempt | undefined> {
  const nowMs = deps.clock.nowMs();
  const before = await lockAttempt(tx, key);
  if (before === undefined) return undefined;
  if (isFinal(before.progress.status) && said.isLate !== true) return undefined;
  // Money that was found is not made undone by a bill that does not show it.
  if (said.verdict.type === 'closed' && before.progress.foundPaid) return undefined;
  const codes = deps.channels.get(before.channel)?.profile.codes ?? {};
  const learned = { from: 'query', outcome: said.verdict } as const;
  const timing = timingAt(deps, before.channel);
  const progress = learn(before.progress, learned, { nowMs, timing, codes });
  if (progress === before.progress) return undefined;
  const callNo = await recordCall(tx, key, { kind: 'query', nowMs });
  await recordAnswer(tx, key, {
    callNo,
    nowMs,
    outcome: `${said.verdict.type} by bill`,
    evidence: {
      requestDigest: said.digest,
      httpStatus: 0,
      rawAnswer: said.text,
      signature: 'valid',
    },
  });
  return await moveTo(tx, deps, before, { progress, nowMs });
}
