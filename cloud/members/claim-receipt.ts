import { noteConsents } from '#cloud/members/consents.ts';
import { findClaim } from '#cloud/members/order-claims.ts';
import { registerMember, type MemberDeps } from '#cloud/members/members.ts';
import { hashClaimToken } from '#cloud/orders/claim-hash.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { attachMember } from '#cloud/points/claim-points.ts';
import { linkPayerOfOrder } from '#cloud/relations/payer-links.ts';
import type { MemberId } from '#shared/ids/ids.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { memberConsentWords } from '#shared/wire/v1/members.ts';
import { err, getOrThrow, ok, type Result } from '#shared/result/result.ts';
import { withSavepoint } from '#cloud/ledger/savepoint.ts';

export type ClaimReceiptError = {
  readonly type: 'claim-unknown' | 'claim-not-ready' | 'claim-taken' | 'claim-lapsed';
};

/**
 * Gives the points of one receipt to a phone number, which is registered if it is new: once per
 * order. The same number again gets the same answer. A refused claim registers nobody. Only if
 * `rememberPayer` is true, said by an act of the customer's own (PIPL art. 14), the wallet that
 * paid is the member's from now on: its next payments give points without a receipt, and the
 * consent is kept as it was given.
 * Errors in this order: claim-unknown, claim-not-ready (the sale is not booked yet), claim-taken, claim-lapsed.
 */
export async function claimReceipt(
  tx: Tx,
  request: {
    readonly claimToken: string;
    readonly phone: string;
    readonly rememberPayer?: boolean;
  },
  deps: MemberDeps,
): Promise<Result<{ readonly memberId: MemberId; readonly pointsFen: number }, ClaimReceiptError>> {
  const claim = await findClaim(tx, hashClaimToken(request.claimToken));
  if (claim === undefined) return err({ type: 'claim-unknown' });
  const { operatorId, merchantId, orderId } = claim;
  return await withSavepoint(tx, async (inner) => {
    // The page says what claiming agrees to, before the button.
    const consent = { words: memberConsentWords, source: 'claim' as const, shops: false };
    const registration = { operatorId, phone: request.phone, consent };
    const { memberId } = getOrThrow(await registerMember(inner, registration, deps));
    const asOf = accountingDate(deps.clock.nowMs());
    const attached = await attachMember(inner, {
      operatorId,
      merchantId,
      orderId,
      memberId,
      asOf,
    });
    if (!attached.ok) return err({ type: wordsOf(attached.error.type) });
    if (request.rememberPayer === true) {
      const nowMs = deps.clock.nowMs();
      const given = [{ kind: 'payer' as const, given: true }];
      const { words, source } = consent;
      await noteConsents(inner, { operatorId, memberId }, { words, source, nowMs, given });
      await linkPayerOfOrder(inner, { operatorId, orderId, memberId, nowMs });
    }
    return ok({ memberId, pointsFen: attached.value.points });
  });
}

function wordsOf(
  type: 'order-unknown' | 'already-claimed' | 'claim-lapsed',
): ClaimReceiptError['type'] {
  switch (type) {
    case 'order-unknown':
      return 'claim-not-ready';
    case 'already-claimed':
      return 'claim-taken';
    case 'claim-lapsed':
      return 'claim-lapsed';
  }
}
