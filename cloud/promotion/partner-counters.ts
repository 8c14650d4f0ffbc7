import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { promoOrdersShownMax, promoPartnersShownMax } from '#shared/wire/v1/promotion.ts';

/** A shop at whose counter coupons of others are printed. All of this is asked in the operator's scope. */
interface Counter {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
}

export async function isCounterOpen(db: Db | Tx, counter: Counter): Promise<boolean> {
  const { rows } = await db.execute<{ is_open: boolean }>(sql`
    select is_open from promo_counter
     where operator_id = ${counter.operatorId} and merchant_id = ${counter.merchantId}`);
  return rows[0]?.is_open ?? false;
}

export async function setCounter(
  db: Db | Tx,
  counter: Counter & { readonly isOpen: boolean; readonly nowMs: number },
): Promise<void> {
  await db.execute(sql`
    insert into promo_counter (operator_id, merchant_id, is_open, changed_at_ms)
    values (${counter.operatorId}, ${counter.merchantId}, ${counter.isOpen}, ${counter.nowMs})
    on conflict (operator_id, merchant_id)
    do update set is_open = excluded.is_open, changed_at_ms = excluded.changed_at_ms`);
}

/** Open counters of others, by name. */
export async function openPartners(
  db: Db | Tx,
  { operatorId, merchantId }: Counter,
): Promise<{ merchantId: MerchantId; name: string }[]> {
  const { rows } = await db.execute<{ merchantId: MerchantId; name: string }>(sql`
    select c.merchant_id as "merchantId", m.name from promo_counter c
      join merchant m on m.operator_id = c.operator_id and m.merchant_id = c.merchant_id
     where c.operator_id = ${operatorId} and c.is_open and c.merchant_id <> ${merchantId}
     order by m.name, c.merchant_id limit ${promoPartnersShownMax}`);
  return rows;
}

/** A campaign of another shop that is, or wants to be, at this counter. */
export interface PromoWish {
  readonly promoOrderId: string;
  readonly issuerName: string;
  readonly text: string;
  readonly offFen: number;
  readonly minimumFen: number;
  readonly quantity: number;
  readonly used: number;
  readonly isAgreed: boolean;
}

export async function wishesAt(
  db: Db | Tx,
  { operatorId, merchantId }: Counter,
): Promise<PromoWish[]> {
  const { rows } = await db.execute<PromoWish & Record<string, unknown>>(sql`
    select o.promo_order_id as "promoOrderId", m.name as "issuerName", o.details->>'text' as text,
           (o.details->>'offFen')::integer as "offFen",
           (o.details->>'minimumFen')::integer as "minimumFen", o.quantity, o.used,
           o.state = 'running' as "isAgreed"
      from promo_order o
      join merchant m on m.operator_id = o.operator_id and m.merchant_id = o.merchant_id
     where o.operator_id = ${operatorId} and o.partner_id = ${merchantId}
       and o.state in ('asked', 'running')
     order by o.promo_order_id desc limit ${promoOrdersShownMax}`);
  return rows;
}
