import { exhaustive } from '#shared/result/exhaustive.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/**
 * The differences that a bill can have with the books, by the names the field uses. Short: the books have less than
 * the bill; long: they have more.
 */
export const breakClasses = {
  'bank-miss': '渠道漏单：我方已入账，账单上没有',
  'platform-miss': '平台漏单：账单上有，我方没有',
  'short-by-status': '平台短款，状态不符：账单上已收，我方未入账',
  'short-by-amount': '平台短款，金额不符：我方入账少于账单',
  'long-by-status': '平台长款，状态不符：我方已入账，账单上未收或已退',
  'long-by-amount': '平台长款，金额不符：我方入账多于账单',
  'fee-mismatch': '手续费不符：渠道收的费率与约定不同',
  double: '重复入账：同一单在账单上收了两次',
  'refund-miss': '退款漏单：我方已退，账单上没有',
} as const;

export type BreakClass = keyof typeof breakClasses;
export type BreakState = 'waiting' | 'open' | 'explained' | 'resolved';

/**
 * What moves money. `correct-merchant`: the merchant's books follow the bill. `correct-platform`: likewise, and the
 * platform has paid the merchant what is missing. `give-back`: a charge that ended without money was paid after all;
 * the payment machine gives it back to the payer.
 */
export type MoneyStep = 'correct-merchant' | 'correct-platform' | 'give-back';

/** What a decision about a break depends on. Sums in fen, what came in is positive. */
export interface BreakFacts {
  readonly class: BreakClass;
  readonly state: BreakState;
  readonly merchantId: string | undefined;
  readonly orderId: string | undefined;
  readonly refundNo: number | undefined;
  readonly billFen: number;
  readonly ourFen: number;
  readonly proposedHow: MoneyStep | undefined;
  readonly proposedBy: string | undefined;
}

/** A step of a person, who is named by `by`. */
export type BreakStep =
  | { readonly step: 'take'; readonly by: string; readonly note: string }
  | { readonly step: 'explain'; readonly by: string; readonly note: string }
  | { readonly step: 'accept'; readonly by: string; readonly note: string }
  | {
      readonly step: 'propose';
      readonly by: string;
      readonly note: string;
      readonly how: MoneyStep;
    }
  | { readonly step: 'confirm'; readonly by: string; readonly note: string };

/** What follows: the columns that change, and what is to be done with money, if anything. */
export type BreakChange =
  | { readonly type: 'owner'; readonly owner: string }
  | { readonly type: 'explained' }
  | { readonly type: 'accepted' }
  | { readonly type: 'proposed'; readonly how: MoneyStep; readonly by: string }
  | { readonly type: 'carry-out'; readonly how: MoneyStep };

export type BreakStepError = 'break-settled' | 'break-step-refused' | 'resolution-same-person';

/**
 * Decides a step. What moves no money (a fee that is as it is) one person accepts; whatever moves money is proposed by
 * one and confirmed by another.
 */
export function decideBreakStep(
  facts: BreakFacts,
  step: BreakStep,
): Result<BreakChange, BreakStepError> {
  if (facts.state === 'resolved') return err('break-settled');
  switch (step.step) {
    case 'take':
      return ok({ type: 'owner', owner: step.by });
    case 'explain':
      return ok({ type: 'explained' });
    case 'accept':
      return facts.billFen === facts.ourFen ? ok({ type: 'accepted' }) : err('break-step-refused');
    case 'propose':
      return canMove(facts, step.how)
        ? ok({ type: 'proposed', how: step.how, by: step.by })
        : err('break-step-refused');
    case 'confirm':
      if (facts.proposedHow === undefined || !canMove(facts, facts.proposedHow))
        return err('break-step-refused');
      return step.by === facts.proposedBy
        ? err('resolution-same-person')
        : ok({ type: 'carry-out', how: facts.proposedHow });
    default:
      return exhaustive(step);
  }
}

function canMove(facts: BreakFacts, how: MoneyStep): boolean {
  const differenceFen = facts.billFen - facts.ourFen;
  if (facts.state === 'waiting' || facts.merchantId === undefined || differenceFen === 0)
    return false;
  switch (how) {
    case 'correct-merchant':
      return true;
    case 'correct-platform':
      return differenceFen < 0;
    case 'give-back':
      return (
        facts.class === 'short-by-status' && facts.refundNo === undefined && facts.ourFen === 0
      );
    default:
      return exhaustive(how);
  }
}
