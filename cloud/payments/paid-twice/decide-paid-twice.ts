import { moveTo } from '#cloud/payments/apply-learned.ts';
import type { Attempt, AttemptKey } from '#cloud/payments/attempt.ts';
import { lockAttempt } from '#cloud/payments/attempt-store.ts';
import {
  areVouchersSpent,
  dueToPayer,
  keptByMerchant,
  lockPaidTwice,
  postPaidTwice,
  savePaidTwice,
  type InstructKept,
  type OtherMoney,
  type PaidTwiceVerdict,
} from '#cloud/payments/paid-twice/paid-twice-store.ts';
import { timingAt, type PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { giveBackByPeople } from '#cloud/payments/payment-machine.ts';
import { lockOrderNumber } from '#cloud/payments/sealed-attempts.ts';
import type { ActKind, ActKinds } from '#cloud/persons/acts.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { ProblemInput } from '#cloud/platform/problem.ts';
import { lockVouchers, returnVouchers } from '#cloud/vouchers/return-vouchers.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { err, ok } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

export const paidTwiceKind = 'resolve-paid-twice';

/** What the act is about, in the list of acts: the order and the attempt. */
export const paidTwiceSubject = (key: Pick<AttemptKey, 'orderId' | 'attempt'>): string =>
  `${key.orderId}:${key.attempt}`;

export interface PaidTwiceDeps extends Pick<PaymentDeps, 'channels' | 'timing' | 'vouchers'> {
  readonly instructKept: InstructKept;
}

const refusals = {
  not: { status: 409, code: 'paid-twice-not-found' },
  keep: { status: 409, code: 'paid-twice-not-keepable' },
} as const satisfies Record<string, ProblemInput>;

/**
 * Two people end a charge that was paid beside other money, in one transaction: who decided, the
 * books, the vouchers, the attempt. `give-back`: the attempt turns round and the payment worker
 * follows it to a definite end, as it does with money that came too late. `keep`: the cash was
 * never taken, the channel's money is the merchant's. Whoever comes second finds nothing parked.
 * Errors: paid-twice-not-found, paid-twice-not-keepable.
 */
export const paidTwiceActs = (deps: PaidTwiceDeps): ActKinds => ({
  [paidTwiceKind]: {
    async execute(tx, act) {
      const [orderId = '', number = ''] = act.subject.split(':');
      const { operatorId, why, proposedBy, by: agreedBy, nowMs } = act;
      const key = { operatorId, orderId: orderId as OrderId, attempt: Number(number) };
      const { verdict } = act.what as { readonly verdict: PaidTwiceVerdict };
      await lockOrderNumber(tx, key);
      const attempt = await lockAttempt(tx, key);
      const other = attempt === undefined ? undefined : await lockPaidTwice(tx, attempt);
      if (attempt === undefined || other === undefined) return err(refusals.not);
      if (verdict === 'keep' && !isKeepable(attempt, other)) return err(refusals.keep);
      await savePaidTwice(tx, { attempt, verdict, why, proposedBy, agreedBy, nowMs });
      await (verdict === 'keep' ? keep : giveBack)(tx, deps, { attempt, other, nowMs });
      return ok({ verdict, amountFen: attempt.netFen });
    },
  } satisfies ActKind,
});

/**
 * Cash, or the word of a shop, may be wrong; an acquirer's box took what it says. The sale in the
 * books must be whole, with the sums that the channel took: then it stands as it is, and only where
 * its money lies is another place.
 */
const isKeepable = (attempt: Attempt, other: OtherMoney): boolean =>
  (other.source === 'cash' || other.source === 'promise') &&
  other.refundedFen === 0 &&
  other.netFen === attempt.netFen &&
  other.voucherFen === attempt.voucherFen;

interface Decided {
  readonly attempt: Attempt;
  readonly other: OtherMoney;
  readonly nowMs: number;
}

/** The channel holds money that is the payer's; the worker tells it to give that back. */
async function giveBack(
  tx: Tx,
  deps: PaidTwiceDeps,
  { attempt, other, nowMs }: Decided,
): Promise<void> {
  const { operatorId, orderId } = attempt;
  await postPaidTwice(tx, attempt, dueToPayer(attempt, nowMs));
  // The parked charge had spent its vouchers, and no sale will: they are the member's again.
  const isTheirs = other.voucherFen > 0;
  if (attempt.voucherFen > 0 && !isTheirs && (await areVouchersSpent(tx, attempt))) {
    const memberIds = attempt.memberId === undefined ? [] : [attempt.memberId];
    await lockVouchers(tx, { operatorId, orderId, memberIds });
    const today = accountingDate(nowMs);
    const { voucherFen } = attempt;
    await returnVouchers(tx, { operatorId, orderId, refundNo: 0, voucherFen, today });
  }
  const progress = giveBackByPeople(attempt.progress, nowMs, timingAt(deps, attempt.channel));
  await moveTo(tx, deps, attempt, { progress, nowMs });
}

/**
 * The sale stands as it was booked, concession owed and points with it; what lies at the channel is
 * the merchant's.
 */
async function keep(tx: Tx, deps: PaidTwiceDeps, { attempt, nowMs }: Decided): Promise<void> {
  const holds = await deps.instructKept(tx, { attempt, nowMs });
  await postPaidTwice(tx, attempt, keptByMerchant(attempt, nowMs), holds);
}
