import type { Journal } from '#cloud/ledger/posting.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import type { LossBearer, OfflineSettlement } from '#cloud/payments/offline/sale.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { fen, minFen, negateFen, zeroFen, type Fen } from '#shared/money/fen.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/**
 * Why the money of an offline sale never came.
 *
 * | cause | what was found |
 * |-------|----------------|
 * | untrusted    | the till took a code that it had to refuse: forged, past its time, above the code's own cap |
 * | stopped      | the code was stopped after the till was last in touch, so that it could not know |
 * | own-tills    | two tills of one merchant took the same showing of a code |
 * | cloned       | two merchants took the same showing, which the member's own phone signed |
 * | replayed     | two merchants took the same bearer code; nothing proves who showed it |
 * | frozen       | the withholding of a member failed whose account was held after his code was made |
 * | not-debited  | the withholding failed, of this sale alone or because the member spent too much in several shops |
 */
export type LossCause =
  'untrusted' | 'stopped' | 'own-tills' | 'cloned' | 'frozen' | 'replayed' | 'not-debited';

export interface Loss {
  readonly bearer: LossBearer;
  /**
   * What the platform pays the merchant at once; the rest of the amount is the merchant's own loss.
   */
  readonly coveredFen: Fen;
}

/**
 * Who bears a lost sale. Only the sale's own facts count, never which shop's batch came first: the
 * rule and its reasons are docs/adr/0011-who-bears-an-offline-loss.md. Pure.
 */
export function decideLoss(lost: {
  readonly cause: LossCause;
  readonly amountFen: Fen;
  readonly isInsideCaps: boolean;
  /** What the platform answers for of one payment inside the caps. */
  readonly guaranteedFen: Fen;
}): Loss {
  const { cause, isInsideCaps } = lost;
  const coveredFen = isInsideCaps ? minFen(lost.amountFen, lost.guaranteedFen) : zeroFen;
  const merchants: Loss = { bearer: 'merchant', coveredFen: zeroFen };
  switch (cause) {
    case 'untrusted':
    case 'own-tills':
      return merchants;
    case 'cloned':
    case 'frozen':
      return { bearer: 'member', coveredFen };
    case 'stopped':
    case 'replayed':
    case 'not-debited':
      return coveredFen > 0 ? { bearer: 'platform', coveredFen } : merchants;
    default:
      return exhaustive(cause);
  }
}

/**
 * Pays the merchant what the platform answers for: due now, with no concession and no points,
 * because no channel sold anything. The operator's book has it as its own loss, or as what the
 * member owes. Exactly once for an order. What the books refuse is the error, in their words: the
 * sale is parked with it (parked-losses.ts tries again), nothing else waits.
 */
export async function bookLoss(
  tx: Tx,
  { sale, loss, nowMs }: { sale: OfflineSettlement; loss: Loss; nowMs: number },
): Promise<Result<void, string>> {
  if (loss.coveredFen === 0) return ok(undefined);
  const posted = await postJournals(tx, lossJournals(sale, loss, nowMs));
  return posted.ok ? ok(undefined) : err(JSON.stringify(posted.error));
}

export const lossKind = 'offline-guarantee';

function lossJournals(sale: OfflineSettlement, loss: Loss, nowMs: number): readonly Journal[] {
  const value = loss.coveredFen;
  const minus = negateFen(fen(value));
  const { operatorId, merchantId, orderId } = sale;
  const common = { operatorId, idemKey: `guarantee:${orderId}`, kind: lossKind, eventAtMs: nowMs };
  return [
    {
      ...common,
      merchantId: null,
      legs: [
        {
          account: loss.bearer === 'member' ? 'member_receivable' : 'guarantee_loss',
          amountFen: minus,
        },
        { account: 'transit', amountFen: value },
        { account: 'operating_cash', amountFen: value },
        { account: 'transit_cash', amountFen: minus },
      ],
    },
    {
      ...common,
      merchantId,
      legs: [
        { account: 'transit', amountFen: minus },
        { account: 'merchant_payable', amountFen: value },
        { account: 'transit_cash', amountFen: value },
        { account: 'channel_clearing', amountFen: minus },
      ],
    },
  ];
}
