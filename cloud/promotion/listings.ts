import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { addUsed, lockOrder } from '#cloud/promotion/promo-orders.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';

/** Pins of one answer; a map shows its own part of them. */
export const pinsShownMax = 200;
/** Shops that one look at a member page shows. */
export const cardsShownMax = 2;

/** A dated listing on the map that everybody may read. */
export interface MapPin {
  readonly shopName: string;
  readonly text: string;
  /** Millionths of a degree; null: the shop gave none. */
  readonly place: { readonly lngE6: number; readonly latE6: number } | null;
  readonly from: string;
  readonly until: string;
}

/** The pins of a day, those that begin last first. */
export async function pinsOn(
  db: Db | Tx,
  { operatorId, day }: { readonly operatorId: OperatorId; readonly day: string },
): Promise<MapPin[]> {
  const { rows } = await db.execute<MapPin & Record<string, unknown>>(sql`
    select m.name as "shopName", o.details->>'text' as text, o.details->'place' as place,
           o.begins_on::text as from, o.ends_on::text as until
      from promo_order o
      join merchant m on m.operator_id = o.operator_id and m.merchant_id = o.merchant_id
     where o.operator_id = ${operatorId} and o.service = 'map-pin' and o.state = 'running'
       and ${day}::date between o.begins_on and o.ends_on
     order by o.promo_order_id desc limit ${pinsShownMax}`);
  return rows.map((row) => ({ ...row, place: row.place ?? null }));
}

export interface ShopCard {
  readonly shopName: string;
  readonly text: string;
}

/**
 * The shops that a member's page shows on one look, and the counting of it: a member counts once a day for each traffic
 * package, however often he looks, and a package that is used up is shown no more. Least shown first.
 */
export async function showShops(
  tx: Tx,
  look: { readonly operatorId: OperatorId; readonly memberId: MemberId; readonly day: string },
): Promise<ShopCard[]> {
  const { operatorId, memberId, day } = look;
  const { rows } = await tx.execute<{ id: string; shopName: string; text: string; seen: boolean }>(
    sql`
    select o.promo_order_id as id, m.name as "shopName", o.details->>'text' as text,
           exists (select from promo_exposure e where e.operator_id = ${operatorId}
                      and e.promo_order_id = o.promo_order_id and e.member_id = ${memberId}
                      and e.on_day = ${day}::date) as seen
      from promo_order o
      join merchant m on m.operator_id = o.operator_id and m.merchant_id = o.merchant_id
     where o.operator_id = ${operatorId} and o.service = 'traffic' and o.state = 'running'
       and ${day}::date between o.begins_on and o.ends_on and o.used < o.quantity
     order by o.used::numeric / o.quantity, o.promo_order_id limit ${cardsShownMax}`,
  );
  const cards: ShopCard[] = [];
  // In one order, so that two looks at a time never wait for each other in a ring.
  for (const { id, shopName, text, seen } of rows.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
    if (seen || (await countExposure(tx, { ...look, promoOrderId: id })))
      cards.push({ shopName, text });
  return cards;
}

/** False: the package was used up or ended meanwhile, so that it may not be shown. */
async function countExposure(
  tx: Tx,
  exposure: {
    readonly operatorId: OperatorId;
    readonly memberId: MemberId;
    readonly day: string;
    readonly promoOrderId: string;
  },
): Promise<boolean> {
  const { operatorId, promoOrderId, memberId, day } = exposure;
  const order = await lockOrder(tx, exposure);
  if (order?.state !== 'running' || order.used >= order.quantity) return false;
  const { rowCount } = await tx.execute(sql`
    insert into promo_exposure (operator_id, promo_order_id, member_id, on_day)
    values (${operatorId}, ${promoOrderId}, ${memberId}, ${day}::date) on conflict do nothing`);
  if (rowCount === 1) await addUsed(tx, { operatorId, promoOrderId, count: 1 });
  return true;
}
