import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { OperatorId, PersonId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { PromoPrice } from '#shared/wire/v1/promotion.ts';

/** What services cost, from a day on. */
export interface PriceList {
  /** 0: nobody has made one yet, and nothing is sold. */
  readonly version: number;
  readonly prices: readonly PromoPrice[];
}

export const priceListsShownMax = 50;

/** Lists that an operator may make; a list is never taken back, only followed by another. */
export const priceListsMax = 10_000;

export interface PriceListChange {
  readonly operatorId: OperatorId;
  /** YYYY-MM-DD, today or later. */
  readonly effectiveOn: string;
  readonly today: string;
  /** Each service at most once; one that is missing is not sold. */
  readonly prices: readonly PromoPrice[];
  readonly by: PersonId;
  readonly nowMs: number;
  readonly why: string;
}

/**
 * Makes the next version. Its day is never before the newest list's, so that what a day's prices are never changes once
 * the day has begun. Errors: promotion-prices-out-of-order.
 */
export async function makePriceList(
  tx: Tx,
  change: PriceListChange,
): Promise<Result<{ readonly version: number }, { type: 'promotion-prices-out-of-order' }>> {
  const { operatorId, effectiveOn } = change;
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`promo:${operatorId}`}, 0))`,
  );
  const { rows } = await tx.execute<{ version: number; newest: string | null }>(sql`
    select coalesce(max(version), 0)::integer as version, max(effective_on)::text as newest
      from promo_price_list where operator_id = ${operatorId}`);
  const { version: last, newest } = rows[0]!;
  const isLate = effectiveOn < change.today || (newest !== null && effectiveOn < newest);
  if (isLate || last >= priceListsMax) return err({ type: 'promotion-prices-out-of-order' });
  const version = last + 1;
  await tx.execute(sql`
    insert into promo_price_list (operator_id, version, effective_on, made_by, made_at_ms, why)
    values (${operatorId}, ${version}, ${effectiveOn}::date, ${change.by}, ${change.nowMs},
            ${change.why})`);
  await tx.execute(sql`
    insert into promo_price (operator_id, version, service, price_points, quantity)
    select ${operatorId}, ${version}, p.service, p."pricePoints", p.quantity
      from jsonb_to_recordset(${JSON.stringify(change.prices)}::jsonb)
        as p(service text, "pricePoints" bigint, quantity integer)`);
  return ok({ version });
}

/** The list in force on a day: the newest that has begun. */
export async function priceListOn(
  db: Db | Tx,
  { operatorId, day }: { readonly operatorId: OperatorId; readonly day: string },
): Promise<PriceList> {
  const { rows } = await db.execute<PromoPrice & { version: number }>(sql`
    select p.version, p.service, p.price_points as "pricePoints", p.quantity
      from promo_price p
     where p.operator_id = ${operatorId} and p.version = (
       select max(version) from promo_price_list
        where operator_id = ${operatorId} and effective_on <= ${day}::date)
     order by p.service`);
  return {
    version: rows[0]?.version ?? 0,
    prices: rows.map(({ service, pricePoints, quantity }) => ({ service, pricePoints, quantity })),
  };
}

export interface PriceListRecord {
  readonly version: number;
  readonly effectiveOn: string;
  readonly madeBy: string;
  readonly madeAtMs: number;
  readonly why: string;
  prices: PromoPrice[];
}

/** Every list that was made, the newest first, coming ones too. */
export async function listPriceLists(db: Db, operatorId: OperatorId): Promise<PriceListRecord[]> {
  const { rows } = await db.execute<PriceListRecord & Record<string, unknown>>(sql`
    select l.version, l.effective_on::text as "effectiveOn", l.made_by as "madeBy",
           l.made_at_ms as "madeAtMs", l.why,
           (select jsonb_agg(jsonb_build_object('service', p.service, 'pricePoints', p.price_points,
                                                'quantity', p.quantity) order by p.service)
              from promo_price p where p.operator_id = l.operator_id and p.version = l.version)
             as prices
      from promo_price_list l where l.operator_id = ${operatorId}
     order by l.version desc limit ${priceListsShownMax}`);
  return rows;
}
