import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { MerchantId, OperatorId, PromoOrderId } from '#shared/ids/ids.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import {
  promoOrdersShownMax,
  type PromoDetails,
  type PromoOrderView,
  type PromoService,
} from '#shared/wire/v1/promotion.ts';

export type PromoState = PromoOrderView['state'];

/** A service that a shop bought. */
export interface PromoOrder {
  readonly operatorId: OperatorId;
  readonly promoOrderId: PromoOrderId;
  readonly merchantId: MerchantId;
  readonly service: PromoService;
  readonly details: PromoDetails;
  readonly state: PromoState;
  readonly priceVersion: number;
  readonly pricePoints: PointFen;
  readonly returnedPoints: PointFen;
  readonly quantity: number;
  readonly used: number;
  readonly partnerId: MerchantId | null;
  readonly beginsOn: string;
  readonly endsOn: string;
}

interface Row extends Record<string, unknown> {
  readonly operator_id: OperatorId;
  readonly promo_order_id: PromoOrderId;
  readonly merchant_id: MerchantId;
  readonly service: PromoService;
  readonly details: PromoDetails;
  readonly state: PromoState;
  readonly price_version: number;
  readonly price_points: number;
  readonly returned_points: number;
  readonly quantity: number;
  readonly used: number;
  readonly partner_id: MerchantId | null;
  readonly begins_on: string;
  readonly ends_on: string;
}

const columns = sql`operator_id, promo_order_id, merchant_id, service, details, state, price_version,
  price_points, returned_points, quantity, used, partner_id, begins_on::text as begins_on,
  ends_on::text as ends_on`;

const toOrder = (row: Row): PromoOrder => ({
  operatorId: row.operator_id,
  promoOrderId: row.promo_order_id,
  merchantId: row.merchant_id,
  service: row.service,
  details: row.details,
  state: row.state,
  priceVersion: row.price_version,
  pricePoints: pointFen(row.price_points),
  returnedPoints: pointFen(row.returned_points),
  quantity: row.quantity,
  used: row.used,
  partnerId: row.partner_id,
  beginsOn: row.begins_on,
  endsOn: row.ends_on,
});

export const viewOf = (order: PromoOrder): PromoOrderView => ({
  promoOrderId: order.promoOrderId,
  service: order.service,
  text: order.details.text,
  state: order.state,
  pricePoints: order.pricePoints,
  returnedPoints: order.returnedPoints,
  quantity: order.quantity,
  used: order.used,
  beginsOn: order.beginsOn,
  endsOn: order.endsOn,
});

/** The order that was made under a till's key, and whether it was made for the same wish. */
export async function orderOfKey(
  tx: Tx,
  key: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly idemKey: string;
    readonly details: PromoDetails;
  },
): Promise<{ readonly order: PromoOrder; readonly isSame: boolean } | undefined> {
  const { rows } = await tx.execute<Row & { is_same: boolean }>(sql`
    select ${columns}, details = ${JSON.stringify(key.details)}::jsonb as is_same from promo_order
     where operator_id = ${key.operatorId} and merchant_id = ${key.merchantId}
       and idem_key = ${key.idemKey}`);
  const row = rows[0];
  return row && { order: toOrder(row), isSame: row.is_same };
}

interface OrderKey {
  readonly operatorId: OperatorId;
  readonly promoOrderId: string;
}

/** Reads one order and holds it until the transaction ends. */
export async function lockOrder(tx: Tx, key: OrderKey): Promise<PromoOrder | undefined> {
  const { rows } = await tx.execute<Row>(sql`
    select ${columns} from promo_order
     where operator_id = ${key.operatorId} and promo_order_id = ${key.promoOrderId} for update`);
  return rows[0] && toOrder(rows[0]);
}

export async function insertOrder(
  tx: Tx,
  order: PromoOrder & { readonly idemKey: string; readonly nowMs: number },
): Promise<void> {
  await tx.execute(sql`
    insert into promo_order (operator_id, promo_order_id, merchant_id, idem_key, service,
      price_version, price_points, quantity, details, partner_id, state, begins_on, ends_on,
      ordered_at_ms)
    values (${order.operatorId}, ${order.promoOrderId}, ${order.merchantId}, ${order.idemKey},
      ${order.service}, ${order.priceVersion}, ${order.pricePoints}, ${order.quantity},
      ${JSON.stringify(order.details)}::jsonb, ${order.partnerId}, ${order.state},
      ${order.beginsOn}::date, ${order.endsOn}::date, ${order.nowMs})`);
}

/** Counts what was delivered; the table refuses more than was bought. */
export async function addUsed(tx: Tx, key: OrderKey & { readonly count: number }): Promise<void> {
  await tx.execute(sql`
    update promo_order set used = used + ${key.count}
     where operator_id = ${key.operatorId} and promo_order_id = ${key.promoOrderId}`);
}

/** The newest orders of a shop, or of all shops for the operator. */
export async function listOrders(
  db: Db | Tx,
  query: { readonly operatorId: OperatorId; readonly merchantId?: MerchantId | undefined },
): Promise<readonly PromoOrder[]> {
  const { rows } = await db.execute<Row>(sql`
    select ${columns} from promo_order
     where operator_id = ${query.operatorId}
       and merchant_id = coalesce(${query.merchantId ?? null}::text, merchant_id)
     order by promo_order_id desc limit ${promoOrdersShownMax}`);
  return rows.map(toOrder);
}

/** Running orders of one service whose days include `day`, the oldest first. */
export async function runningOrders(
  db: Db | Tx,
  query: {
    readonly operatorId: OperatorId;
    readonly service: PromoService;
    readonly day: string;
    readonly limit: number;
  },
): Promise<readonly PromoOrder[]> {
  const { rows } = await db.execute<Row>(sql`
    select ${columns} from promo_order
     where operator_id = ${query.operatorId} and service = ${query.service} and state = 'running'
       and begins_on <= ${query.day}::date and ends_on >= ${query.day}::date and used < quantity
     order by promo_order_id limit ${query.limit}`);
  return rows.map(toOrder);
}

/** Orders that go on no longer: their last day is over, or all of them was delivered. */
export async function overdueOrders(
  db: Db | Tx,
  query: { readonly operatorId: OperatorId; readonly day: string; readonly limit: number },
): Promise<readonly PromoOrder[]> {
  const { rows } = await db.execute<Row>(sql`
    select ${columns} from promo_order
     where operator_id = ${query.operatorId} and state in ('asked', 'running')
       and (ends_on < ${query.day}::date or used = quantity)
     order by promo_order_id limit ${query.limit}`);
  return rows.map(toOrder);
}
