import { sql, type SQL } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { velocityReasons, type HoldReason } from '#cloud/review/velocity-rules.ts';
import { countVelocity, readVelocityRules } from '#cloud/review/velocity-store.ts';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';

/** True of an order whose points nobody holds and nobody refused. */
export const notHeld = (operatorId: OperatorId, orderId: SQL): SQL =>
  sql`not exists (select from points_hold h where h.operator_id = ${operatorId}
                     and h.order_id = ${orderId} and h.state <> 'released')`;

/**
 * Holds the points of orders that become final and meet a rule of velocity: both sides' and the
 * referrer's. The sale is final all the same, its money goes its way, and what is held stands in no
 * pool of the gate, because pending points do not. Of an order that is claimed after it was final
 * only the customer's side is held: the shop has its own. Answers how many are held.
 */
export async function holdSuspicious(
  tx: Tx,
  final: {
    readonly operatorId: OperatorId;
    readonly orderIds: readonly string[];
    readonly asOf: string;
    /** Orders that are final already get their member now; until then nobody's orders were counted. */
    readonly atClaim?: boolean;
  },
): Promise<number> {
  const { operatorId, asOf } = final;
  const rules = await readVelocityRules(tx, operatorId);
  const held = (await countVelocity(tx, final)).flatMap((order) => {
    const reasons = velocityReasons(order, rules);
    return reasons.length === 0
      ? []
      : [{ order_id: order.orderId, merchant_id: order.merchantId, reasons }];
  });
  if (held.length === 0) return 0;
  const isFinal = final.atClaim === true ? sql`is not null` : sql`is null`;
  await tx.execute(sql`
    insert into points_hold (operator_id, order_id, merchant_id, reasons, held_on)
    select ${operatorId}, h.order_id, h.merchant_id, h.reasons, ${asOf}::date
      from jsonb_to_recordset(${JSON.stringify(held)}::jsonb)
        as h(order_id text, merchant_id text, reasons jsonb)
      join points_order o on o.operator_id = ${operatorId} and o.order_id = h.order_id
       and o.final_on ${isFinal}
    on conflict do nothing`);
  return held.length;
}

export const pointsHoldsMax = 200;

export interface PointsHold {
  readonly orderId: OrderId;
  readonly merchantId: MerchantId;
  readonly reasons: HoldReason[];
  readonly heldOn: string;
  /** What the consumer and the referrer would get, point-fen. */
  readonly points: number;
}

/** What waits for people, oldest first; `after` is the last order of the page before. */
export async function listPointsHolds(
  db: Db,
  query: { readonly operatorId: OperatorId; readonly after?: string | undefined },
): Promise<PointsHold[]> {
  const { operatorId } = query;
  const { rows } = await db.execute<PointsHold & Record<string, unknown>>(sql`
    select h.order_id as "orderId", h.merchant_id as "merchantId", h.reasons,
           h.held_on::text as "heldOn",
           (select coalesce(sum(points), 0) from points_lot l
             where l.operator_id = h.operator_id and l.order_id = h.order_id)::bigint as points
      from points_hold h
     where h.operator_id = ${operatorId} and h.state = 'held'
       and (${query.after ?? null}::text is null
            or (h.held_on, h.order_id) > (select held_on, order_id from points_hold
                 where operator_id = ${operatorId} and order_id = ${query.after ?? null}))
     order by h.held_on, h.order_id limit ${pointsHoldsMax}`);
  return rows;
}
