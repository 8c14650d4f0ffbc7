import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { returnCredit, lockCredit } from '#cloud/promotion/promo-credit.ts';
import { lockOrder, type PromoOrder } from '#cloud/promotion/promo-orders.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import type { PointFen } from '#shared/points/point-fen.ts';
import { undeliveredPoints } from '#shared/points/refund/promo-return.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { daysBetween } from '#shared/time/calendar-day.ts';

export interface PromoEnd {
  readonly operatorId: OperatorId;
  readonly promoOrderId: string;
  readonly to: 'ended' | 'cancelled' | 'declined';
  readonly by: string;
  readonly note: string;
  /** Accounting date. */
  readonly today: string;
}

/**
 * Ends an order, once: what was not delivered comes back to the shop as credit, rounded down. The
 * operator may cancel, the partner may decline, and time ends the rest. Errors: promotion-ended (or
 * no such order).
 */
export async function endPromotion(
  tx: Tx,
  end: PromoEnd,
): Promise<Result<{ readonly returnedPoints: PointFen }, { type: 'promotion-ended' }>> {
  const owner = await ownerOf(tx, end);
  if (owner === undefined) return err({ type: 'promotion-ended' });
  // The credit before the order, as a purchase does it.
  await lockCredit(tx, { operatorId: end.operatorId, merchantId: owner });
  const order = await lockOrder(tx, end);
  if (order === undefined || !isGoing(order)) return err({ type: 'promotion-ended' });
  const used = deliveredOf(order, end);
  const returnedPoints = undeliveredPoints({ ...order, used });
  await tx.execute(sql`
    update promo_order set state = ${end.to}, used = ${used}, returned_points = ${returnedPoints},
           ended_by = ${end.by}, ended_note = ${end.note}
     where operator_id = ${end.operatorId} and promo_order_id = ${end.promoOrderId}`);
  await returnCredit(tx, { ...order, points: returnedPoints, onDay: end.today });
  return ok({ returnedPoints });
}

const isGoing = ({ state }: PromoOrder): boolean => state === 'asked' || state === 'running';

/** A map pin was delivered on each day that has begun; the others count what they deliver. */
export function deliveredOf(order: PromoOrder, { today }: { readonly today: string }): number {
  if (order.service !== 'map-pin') return order.used;
  const days = daysBetween({ from: order.beginsOn, to: today }) + 1;
  return Math.min(order.quantity, Math.max(0, days));
}

async function ownerOf(
  tx: Tx,
  key: Pick<PromoEnd, 'operatorId' | 'promoOrderId'>,
): Promise<MerchantId | undefined> {
  const { rows } = await tx.execute<{ merchant_id: MerchantId }>(sql`
    select merchant_id from promo_order
     where operator_id = ${key.operatorId} and promo_order_id = ${key.promoOrderId}`);
  return rows[0]?.merchant_id;
}

/** The partner agrees that coupons are printed at his counter, or declines. Errors: promotion-ended (not asked). */
export async function answerWish(
  tx: Tx,
  answer: {
    readonly operatorId: OperatorId;
    readonly partnerId: MerchantId;
    readonly promoOrderId: string;
    readonly agrees: boolean;
    readonly today: string;
  },
): Promise<Result<void, { type: 'promotion-ended' }>> {
  const { operatorId, partnerId, promoOrderId, agrees } = answer;
  const { rows } = await tx.execute<{ state: string }>(sql`
    select state from promo_order
     where operator_id = ${operatorId} and promo_order_id = ${promoOrderId}
       and partner_id = ${partnerId}`);
  const state = rows[0]?.state;
  if (state !== 'asked' && state !== 'running') return err({ type: 'promotion-ended' });
  if (agrees) {
    await tx.execute(sql`
      update promo_order set state = 'running'
       where operator_id = ${operatorId} and promo_order_id = ${promoOrderId} and state = 'asked'`);
    return ok(undefined);
  }
  // Who agreed may take it back: what was printed by then counts, the rest comes back.
  const ended = await endPromotion(tx, {
    ...answer,
    to: 'declined',
    by: partnerId,
    note: 'the partner said no',
  });
  return ended.ok ? ok(undefined) : ended;
}
