import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import type { BasisPoints } from '#shared/money/rate.ts';
import type { Tx } from '#cloud/platform/db.ts';

/** A till may go on with a rate that was replaced for so long: it may have been offline when that happened. */
export const oldRateGraceMs = 7 * 86_400_000;

/** A rate that a till says it sold at, and when. */
export interface ClaimedRate {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly concessionBp: BasisPoints;
  readonly atMs: number;
}

/**
 * Did the merchant really have each of these rates, and was it in force at that moment or replaced less than
 * {@link oldRateGraceMs} before? The rate decides what a shop gives and a customer gets: it is the operator's word,
 * never the till's. One statement.
 */
export async function areRatesAgreed(tx: Tx, claims: readonly ClaimedRate[]): Promise<boolean> {
  const rows = latestOfEach(claims).map((claim) => ({
    ...claim,
    graceFromMs: claim.atMs - oldRateGraceMs,
  }));
  const answer = await tx.execute<{ agreed: boolean }>(sql`
    select coalesce(bool_and(coalesce(
             (select max(r.from_ms) from merchant_rate r
               where r.operator_id = c."operatorId" and r.merchant_id = c."merchantId"
                 and r.concession_bp = c."concessionBp")
             >= (select coalesce(max(r.from_ms), 0) from merchant_rate r
                  where r.operator_id = c."operatorId" and r.merchant_id = c."merchantId"
                    and r.from_ms < c."graceFromMs"),
             false)), true) as agreed
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as c("operatorId" text, "merchantId" text, "concessionBp" integer, "graceFromMs" bigint)`);
  return answer.rows[0]?.agreed === true;
}

/** Of each rate of a merchant the latest claim: when that one holds, every earlier one does. */
function latestOfEach(claims: readonly ClaimedRate[]): readonly ClaimedRate[] {
  const latest = new Map<string, ClaimedRate>();
  for (const claim of claims) {
    const key = `${claim.operatorId}/${claim.merchantId}/${claim.concessionBp}`;
    const known = latest.get(key);
    if (known === undefined || known.atMs < claim.atMs) latest.set(key, claim);
  }
  return [...latest.values()];
}
