import { sql } from 'drizzle-orm';
import { hashClaimToken } from '#cloud/orders/claim-hash.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { addUsed, lockOrder, type PromoOrder } from '#cloud/promotion/promo-orders.ts';
import type { MerchantId, OperatorId, OrderId, TerminalId } from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { accountingDate, addDays } from '#shared/time/calendar-day.ts';
import {
  couponHoldMs,
  type CouponPrint,
  type CouponRedeemed,
  type PromoDetails,
} from '#shared/wire/v1/promotion.ts';

type CouponDetails = Extract<PromoDetails, { service: 'partner-coupon' }>;

interface CouponSale {
  readonly operatorId: OperatorId;
  /** Whose till asks. */
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  /** Stands on the paper only; the cloud keeps its hash. */
  readonly token: string;
  readonly nowMs: number;
}

/**
 * The coupon that a sale at a partner's counter brings, if a campaign runs there: at most one per sale. The till that asks
 * again for a sale gets the same one when it names the same token; a paper that is lost is not printed with another.
 */
export async function printCoupon(tx: Tx, sale: CouponSale): Promise<CouponPrint | undefined> {
  const { operatorId, merchantId, orderId, nowMs } = sale;
  const tokenHash = hashClaimToken(sale.token);
  const day = accountingDate(nowMs);
  const { rows } = await tx.execute<{ promo_order_id: string; token_hash: string; until: string }>(
    sql`
    select promo_order_id, token_hash, valid_until::text as until from promo_coupon
     where operator_id = ${operatorId} and merchant_id = ${merchantId} and printed_for = ${orderId}`,
  );
  const printed = rows[0];
  if (printed !== undefined) {
    if (printed.token_hash !== tokenHash) return undefined;
    const known = await lockOrder(tx, { operatorId, promoOrderId: printed.promo_order_id });
    return known && couponOf(tx, known, printed.until);
  }
  const order = await nextCampaign(tx, sale, day);
  if (order === undefined) return undefined;
  const { offFen, minimumFen, validDays } = order.details as CouponDetails;
  const validUntil = addDays(day, validDays);
  const { rowCount } = await tx.execute(sql`
    insert into promo_coupon (operator_id, token_hash, promo_order_id, merchant_id, printed_for,
      issuer_id, off_fen, minimum_fen, valid_until, printed_at_ms)
    values (${operatorId}, ${tokenHash}, ${order.promoOrderId}, ${merchantId}, ${orderId},
      ${order.merchantId}, ${offFen}, ${minimumFen}, ${validUntil}::date, ${nowMs})
    on conflict do nothing`);
  if (rowCount !== 1) return undefined;
  await addUsed(tx, { operatorId, promoOrderId: order.promoOrderId, count: 1 });
  return couponOf(tx, order, validUntil);
}

/** The campaign at this counter that printed least of what it bought; held until the coupon is written. */
async function nextCampaign(
  tx: Tx,
  { operatorId, merchantId }: CouponSale,
  day: string,
): Promise<PromoOrder | undefined> {
  const { rows } = await tx.execute<{ id: string }>(sql`
    select promo_order_id as id from promo_order
     where operator_id = ${operatorId} and partner_id = ${merchantId} and state = 'running'
       and ends_on >= ${day}::date and used < quantity
     order by used::numeric / quantity, promo_order_id limit 1 for update`);
  const id = rows[0]?.id;
  return id === undefined ? undefined : lockOrder(tx, { operatorId, promoOrderId: id });
}

async function couponOf(tx: Tx, order: PromoOrder, validUntil: string): Promise<CouponPrint> {
  const { text, offFen, minimumFen } = order.details as CouponDetails;
  const { rows } = await tx.execute<{ name: string }>(sql`
    select name from merchant
     where operator_id = ${order.operatorId} and merchant_id = ${order.merchantId}`);
  return { issuerName: rows[0]?.name ?? '', text, offFen, minimumFen, validUntil };
}

export type RedeemError = {
  readonly type:
    | 'coupon-unknown'
    | 'coupon-of-another-shop'
    | 'coupon-expired'
    | 'coupon-too-small-sale'
    | 'coupon-used';
};

interface KnownCoupon extends Record<string, unknown> {
  readonly issuer: string;
  readonly off: number;
  readonly minimum: number;
  readonly text: string;
  readonly until: string;
  readonly used_for: OrderId | null;
  /** Has the sale another coupon? */
  readonly other: boolean;
}

/**
 * Uses a coupon up for one sale at its issuer's counter and answers the discount: the issuer asks that much less. Nothing is
 * booked, no fund pays it. The same sale again is held anew. A coupon of a sale that was never made, or whose money went back
 * as a whole inside the hold, is good again ({@link isFreeAgain}).
 * Errors in this order: coupon-unknown, coupon-of-another-shop, coupon-too-small-sale, coupon-expired, coupon-used.
 */
export async function redeemCoupon(
  tx: Tx,
  sale: CouponSale & { readonly terminalId: TerminalId; readonly amountFen: Fen },
): Promise<Result<CouponRedeemed, RedeemError>> {
  const { operatorId, merchantId, orderId, nowMs } = sale;
  const tokenHash = hashClaimToken(sale.token);
  const { rows } = await tx.execute<KnownCoupon>(sql`
    select c.issuer_id as issuer, c.off_fen as off, c.minimum_fen as minimum,
           p.details->>'text' as text, c.valid_until::text as until, c.redeemed_for as used_for,
           exists (select from promo_coupon o where o.operator_id = ${operatorId}
                      and o.issuer_id = ${merchantId} and o.redeemed_for = ${orderId}
                      and o.token_hash <> ${tokenHash}) as other
      from promo_coupon c
      join promo_order p on p.operator_id = c.operator_id and p.promo_order_id = c.promo_order_id
     where c.operator_id = ${operatorId} and c.token_hash = ${tokenHash} for update of c`);
  const coupon = rows[0];
  if (coupon === undefined) return err({ type: 'coupon-unknown' });
  if (coupon.issuer !== merchantId) return err({ type: 'coupon-of-another-shop' });
  if (sale.amountFen < coupon.minimum) return err({ type: 'coupon-too-small-sale' });
  if (coupon.used_for !== orderId) {
    if (coupon.until < accountingDate(nowMs)) return err({ type: 'coupon-expired' });
    if (coupon.other) return err({ type: 'coupon-used' });
    if (coupon.used_for !== null && !(await isFreeAgain(tx, sale, coupon.used_for)))
      return err({ type: 'coupon-used' });
  }
  await tx.execute(sql`
    update promo_coupon set redeemed_for = ${orderId}, redeemed_by = ${sale.terminalId},
           redeemed_at_ms = ${nowMs}
     where operator_id = ${operatorId} and token_hash = ${tokenHash}`);
  return ok({ offFen: coupon.off, minimumFen: coupon.minimum, text: coupon.text });
}

/**
 * Is the sale that a coupon was used for no sale? Money that went back as a whole before it was final says so, and a sale
 * that is over for good without money. A sale that nobody knows, or that failed and might be tried again, is none as soon as
 * its till's journal, which comes in order, has come past the moment until which the till could go on with the coupon; a till
 * whose clock is ahead of ours does not come past it sooner.
 * A charge whose outcome is open keeps it.
 */
async function isFreeAgain(
  tx: Tx,
  { operatorId, merchantId, nowMs }: CouponSale,
  usedFor: OrderId,
): Promise<boolean> {
  const { rows } = await tx.execute<{ free: boolean }>(sql`
    select case
      when exists (select from points_order p
                    where p.operator_id = c.operator_id and p.order_id = c.redeemed_for)
        then (select coalesce(sum(r.amount_fen) filter (where r.status = 'done' and r.in_hold), 0)
                from order_refund r
               where r.operator_id = c.operator_id and r.merchant_id = c.issuer_id
                 and r.order_id = c.redeemed_for) = o.amount_fen
      when exists (select from payment_attempt a
                    where a.operator_id = c.operator_id and a.order_id = c.redeemed_for
                      and a.status not in ('failed', 'reversed', 'refunded-late')) then false
      when o.state in ('voided', 'paid-then-refunded') then true
      when coalesce(o.state, 'draft') not in ('draft', 'held', 'failed', 'reversed') then false
      else c.redeemed_at_ms + ${2 * couponHoldMs} < ${nowMs}::bigint
           and exists (select from journal_head h
                         join journal_entry e on e.operator_id = h.operator_id
                          and e.terminal_id = h.terminal_id and e.epoch = h.epoch
                          and e.seq = h.projected_seq
                        where h.operator_id = c.operator_id and h.terminal_id = c.redeemed_by
                          and e.wall_ms - greatest(0, coalesce(b.clock_offset_ms, 0))
                                > c.redeemed_at_ms + ${2 * couponHoldMs})
      end as free
      from promo_coupon c
      left join customer_order o on o.operator_id = c.operator_id
       and o.merchant_id = c.issuer_id and o.order_id = c.redeemed_for
      left join terminal_heartbeat b on b.operator_id = c.operator_id
       and b.terminal_id = c.redeemed_by
     where c.operator_id = ${operatorId} and c.issuer_id = ${merchantId}
       and c.redeemed_for = ${usedFor}`);
  return rows[0]?.free === true;
}

/** The sale was not made: its coupon is good again. Answers whether one was given back. */
export async function giveBackCoupon(
  tx: Tx,
  sale: Pick<CouponSale, 'operatorId' | 'merchantId' | 'orderId'>,
): Promise<boolean> {
  const { rowCount } = await tx.execute(sql`
    update promo_coupon set redeemed_for = null, redeemed_by = null, redeemed_at_ms = null
     where operator_id = ${sale.operatorId} and issuer_id = ${sale.merchantId}
       and redeemed_for = ${sale.orderId}
       and not exists (select from points_order p where p.operator_id = ${sale.operatorId}
                          and p.order_id = ${sale.orderId})`);
  return rowCount === 1;
}
