import { sql } from 'drizzle-orm';
import type { BasisPoints } from '#shared/money/rate.ts';
import { newId, type MerchantId, type OperatorId } from '#shared/ids/ids.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { Tx } from '#cloud/platform/db.ts';

export interface IdSource {
  readonly clock: Clock;
  readonly random: Random;
}

/** Makes the operator known; a second time changes its name only. */
export async function provisionOperator(
  tx: Tx,
  operator: { readonly operatorId: OperatorId; readonly name: string },
  source: IdSource,
): Promise<void> {
  await tx.execute(sql`
    insert into operator (operator_id, name, created_at_ms)
    values (${operator.operatorId}, ${operator.name}, ${source.clock.nowMs()})
    on conflict (operator_id) do update set name = excluded.name`);
}

export interface NewMerchant {
  readonly operatorId: OperatorId;
  readonly name: string;
  readonly concessionBp: BasisPoints;
  /** Share of the settlement paid the same day, 5000..8000. */
  readonly sameDayBp: BasisPoints;
  /** Hour of the Shanghai day at which the business day begins, 0..12. */
  readonly cutOverHour: number;
}

export async function provisionMerchant(
  tx: Tx,
  merchant: NewMerchant,
  source: IdSource,
): Promise<MerchantId> {
  const merchantId = newId('mch', source);
  await tx.execute(sql`
    insert into merchant (operator_id, merchant_id, name, concession_bp, same_day_bp, cut_over_hour,
      created_at_ms)
    values (${merchant.operatorId}, ${merchantId}, ${merchant.name}, ${merchant.concessionBp},
      ${merchant.sameDayBp}, ${merchant.cutOverHour}, ${source.clock.nowMs()})`);
  return merchantId;
}

export interface NewStore {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly name: string;
  readonly phone: string;
}

/** Returns the store's id: `str_` and a ULID. */
export async function provisionStore(tx: Tx, store: NewStore, source: IdSource): Promise<string> {
  const storeId = `str_${newId('ord', source).slice(4)}`;
  await tx.execute(sql`
    insert into store (operator_id, merchant_id, store_id, name, phone, created_at_ms)
    values (${store.operatorId}, ${store.merchantId}, ${storeId}, ${store.name}, ${store.phone},
      ${source.clock.nowMs()})`);
  return storeId;
}
