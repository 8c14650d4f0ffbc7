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
import { exhaustive } from '#shared/result/exhaustive.ts';
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
  changed: { status: 409, code: 'paid-twice-changed' },
  keep: { status: 409, code: 'paid-twice-not-keepable' },
  'keep-refunded': { status: 409, code: 'paid-twice-not-refunded' },
} as const satisfies Record<string, ProblemInput>;

/** What a proposal says, and in view of what. */
export interface ProposedVerdict {
  readonly verdict: PaidTwiceVerdict;
  /** What had gone back of the other money then; missing where nobody wrote it down yet. */
  readonly backFen?: number;
}

/**
 * Two people end a charge that was paid beside other money, in one transaction: who decided, the
 * books, the vouchers, the attempt. `give-back`: the attempt turns round and the payment worker
 * follows it to a definite end, as it does with money that came too late. `keep`: the cash was
 * never taken, the channel's money is the merchant's. `keep-refunded`: the cash was taken and went
 * back at the till, the channel's money is the merchant's too. Whoever comes second finds nothing
 * parked. What went back at the till between proposal and agreement changes what a verdict means,
 * so it is decided anew; what the till tells later changes nothing: see `keep`.
 * Errors: paid-twice-not-found, paid-twice-changed, paid-twice-not-keepable,
 * paid-twice-not-refunded.
 */
export const paidTwiceActs = (deps: PaidTwiceDeps): ActKinds => ({
  [paidTwiceKind]: {
    async execute(tx, act) {
      const [orderId = '', number = ''] = act.subject.split(':');
      const { operatorId, why, proposedBy, by: agreedBy, nowMs } = act;
      const key = { operatorId, orderId: orderId as OrderId, attempt: Number(number) };
      const { verdict, backFen } = act.what as unknown as ProposedVerdict;
      await lockOrderNumber(tx, key);
      const attempt = await lockAttempt(tx, key);
      const other = attempt === undefined ? undefined : await lockPaidTwice(tx, attempt);
      if (attempt === undefined || other === undefined) return err(refusals.not);
      const { refundedFen } = other;
      if (backFen !== undefined && backFen !== refundedFen) return err(refusals.changed);
      const refusal = refusalOf(verdict, attempt, other);
      if (refusal !== undefined) return err(refusal);
      const decided = { attempt, verdict, backFen: refundedFen, why, proposedBy, agreedBy, nowMs };
      await savePaidTwice(tx, decided);
      await (verdict === 'give-back' ? giveBack : keep)(tx, deps, { attempt, other, nowMs });
      return ok({ verdict, amountFen: attempt.netFen });
    },
  } satisfies ActKind,
});

/** Why a verdict does not fit what is there; undefined when it does. Pure. */
function refusalOf(
  verdict: PaidTwiceVerdict,
  attempt: Attempt,
  other: OtherMoney,
): ProblemInput | undefined {
  switch (verdict) {
    case 'give-back':
      return undefined;
    case 'keep':
      return isKeepable(attempt, other) ? undefined : refusals.keep;
    case 'keep-refunded':
      return isPaidByChannelAlone(attempt, other) ? undefined : refusals['keep-refunded'];
    default:
      return exhaustive(verdict);
  }
}

/**
 * Nothing of the other money is left: it went back at the till, whoever took it. A part of it is
 * not enough, because then the customer paid more than once. Nor does it do where the charge spent
 * vouchers: no sale stands that would pay the shop their worth, so the charge goes back with them.
 */
const isPaidByChannelAlone = (attempt: Attempt, other: OtherMoney): boolean =>
  other.refundedFen >= other.amountFen && attempt.voucherFen === 0;

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
 * What lies at the channel is the merchant's. The sale stands as the till tells it: as it was booked,
 * concession owed and points with it, or given back, and these with it. So it makes no difference to
 * the books whether the cloud hears of the till's refund before this or after it.
 */
async function keep(tx: Tx, deps: PaidTwiceDeps, { attempt, nowMs }: Decided): Promise<void> {
  const holds = await deps.instructKept(tx, { attempt, nowMs });
  await postPaidTwice(tx, attempt, keptByMerchant(attempt, nowMs), holds);
}
