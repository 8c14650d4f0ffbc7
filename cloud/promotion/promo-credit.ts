import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import type { MerchantId, OperatorId, PromoOrderId } from '#shared/ids/ids.ts';
import type { PointFen } from '#shared/points/point-fen.ts';
import { assert } from '#shared/result/assert.ts';

interface Burn {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly promoOrderId: PromoOrderId;
  readonly points: PointFen;
  /** Accounting date, YYYY-MM-DD. */
  readonly onDay: string;
}

/**
 * Locks a shop's credit, so that its purchases and returns follow each other. Answers what there
 * is; 0 for a shop that has earned none, below zero after refunds of sales whose credit was spent.
 */
export async function lockCredit(
  tx: Tx,
  { operatorId, merchantId }: Pick<Burn, 'operatorId' | 'merchantId'>,
): Promise<number> {
  const { rows } = await tx.execute<{ points: number }>(sql`
    select points from promo_credit
     where operator_id = ${operatorId} and merchant_id = ${merchantId} for update`);
  return rows[0]?.points ?? 0;
}

/** Burns credit for one order, once. The caller holds {@link lockCredit} and saw that there is enough. */
export async function burnCredit(tx: Tx, burn: Burn): Promise<void> {
  const { operatorId, merchantId, points } = burn;
  const { rowCount } = await tx.execute(sql`
    update promo_credit set points = points - ${points}
     where operator_id = ${operatorId} and merchant_id = ${merchantId} and points >= ${points}`);
  assert(rowCount === 1, () => `${merchantId} has less than ${points} of credit`);
  await writeEntry(tx, { ...burn, kind: 'burned', change: -points });
}

/** Gives back what was burned for an order and not delivered, once. The caller holds {@link lockCredit}. */
export async function returnCredit(tx: Tx, back: Burn): Promise<void> {
  const { operatorId, merchantId, points } = back;
  if (points === 0) return;
  await writeEntry(tx, { ...back, kind: 'returned', change: points });
  await tx.execute(sql`
    update promo_credit set points = points + ${points}
     where operator_id = ${operatorId} and merchant_id = ${merchantId}`);
}

const writeEntry = (
  tx: Tx,
  entry: Burn & { readonly kind: 'burned' | 'returned'; readonly change: number },
): Promise<unknown> =>
  tx.execute(sql`
    insert into promo_entry (operator_id, merchant_id, kind, ref, points, on_day)
    values (${entry.operatorId}, ${entry.merchantId}, ${entry.kind}, ${entry.promoOrderId},
            ${entry.change}, ${entry.onDay}::date)`);
