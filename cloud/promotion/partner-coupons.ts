import { sql } from 'drizzle-orm';
import type { Finding } from '#cloud/identity/terminal-alarms.ts';
import { hashClaimToken } from '#cloud/orders/claim-hash.ts';
import type { Tx } from '#cloud/platform/db.ts';
import {
  heldTill,
  lockTill,
  mayBringCoupon,
  unprovenOf,
  usesSince,
  type CouponTill,
} from '#cloud/promotion/coupon-guard.ts';
import { couponLimitsOf } from '#cloud/promotion/coupon-limits.ts';
import { isSaleProven } from '#cloud/promotion/coupon-proof.ts';
import { addUsed, lockOrder, type PromoOrder } from '#cloud/promotion/promo-orders.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import {
  couponHoldMs,
  type CouponPrint,
  type CouponRedeemed,
  type PromoDetails,
} from '#shared/wire/v1/promotion.ts';

type CouponDetails = Extract<PromoDetails, { service: 'partner-coupon' }>;

/** Whose till asks, and for which sale. */
interface CouponSale extends CouponTill {
  readonly orderId: OrderId;
  /** Stands on the paper only; the cloud keeps its hash. */
  readonly token: string;
}

/** What a sale brings, and what there is to tell about the till that asked. */
export interface CouponPrinted {
  readonly coupon: CouponPrint | null;
  readonly finding?: Finding;
}
const nothing: CouponPrinted = { coupon: null };

/**
 * The coupon that a sale at a partner's counter brings, if a campaign runs there: at most one per
 * sale. The till that asks again for a sale gets the same one when it names the same token; a paper
 * that is lost is not printed with another. A till is given no more than its campaign lets it
 * ({@link couponLimitsOf}), nothing while it is held, and nothing while too many of its sales are
 * not seen to be paid.
 */
export async function printCoupon(tx: Tx, sale: CouponSale): Promise<CouponPrinted> {
  const { operatorId, merchantId, orderId } = sale;
  if (!(await lockTill(tx, sale))) return nothing;
  const { rows } = await tx.execute<{ promo_order_id: string; token_hash: string; until: string }>(
    sql`
    select promo_order_id, token_hash, valid_until::text as until from promo_coupon
     where operator_id = ${operatorId} and merchant_id = ${merchantId} and printed_for = ${orderId}
       and voided_at_ms is null`,
  );
  const printed = rows[0];
  if (printed !== undefined) {
    if (printed.token_hash !== hashClaimToken(sale.token)) return nothing;
    const known = await lockOrder(tx, { operatorId, promoOrderId: printed.promo_order_id });
    return known ? { coupon: await couponOf(tx, known, printed.until) } : nothing;
  }
  if (!(await mayBringCoupon(tx, sale, orderId))) return nothing;
  const order = await nextCampaign(tx, sale);
  if (order === undefined) return nothing;
  const held = await heldTill(tx, sale, 'printed');
  if (held !== undefined) return { coupon: null, finding: held };
  const limits = couponLimitsOf(order.details as CouponDetails, order.quantity);
  const unproven = await unprovenOf(tx, sale, order.promoOrderId);
  if (unproven >= limits.unprovenTerminalMax)
    return { coupon: null, finding: unprovenFinding(sale, unproven) };
  return { coupon: await writeCoupon(tx, sale, order) };
}

const unprovenFinding = ({ nowMs }: CouponSale, unproven: number): Finding => ({
  kind: 'coupon-unproven',
  subject: accountingDate(nowMs),
  detail: `${unproven} coupons after sales that the cloud has not seen paid`,
});

async function writeCoupon(
  tx: Tx,
  sale: CouponSale,
  order: PromoOrder,
): Promise<CouponPrint | null> {
  const { operatorId, merchantId, terminalId, orderId, nowMs } = sale;
  const { offFen, minimumFen, validDays } = order.details as CouponDetails;
  const validUntil = addDays(accountingDate(nowMs), validDays);
  const { rowCount } = await tx.execute(sql`
    insert into promo_coupon (operator_id, token_hash, promo_order_id, merchant_id, printed_for,
      printed_by, issuer_id, off_fen, minimum_fen, valid_until, printed_at_ms)
    values (${operatorId}, ${hashClaimToken(sale.token)}, ${order.promoOrderId}, ${merchantId},
      ${orderId}, ${terminalId}, ${order.merchantId}, ${offFen}, ${minimumFen},
      ${validUntil}::date, ${nowMs})
    on conflict do nothing`);
  if (rowCount !== 1) return null;
  await addUsed(tx, { operatorId, promoOrderId: order.promoOrderId, count: 1 });
  return couponOf(tx, order, validUntil);
}

/** Campaigns at one counter that are looked at for one sale. */
const campaignsMax = 10;

/**
 * The campaign at this counter that printed least of what it bought and still lets this till print
 * today; held until the coupon is written.
 */
async function nextCampaign(tx: Tx, sale: CouponSale): Promise<PromoOrder | undefined> {
  const { operatorId, merchantId, nowMs } = sale;
  const day = accountingDate(nowMs);
  const { rows } = await tx.execute<{ id: string }>(sql`
    select promo_order_id as id from promo_order
     where operator_id = ${operatorId} and partner_id = ${merchantId} and state = 'running'
       and ends_on >= ${day}::date and used < quantity
     order by used::numeric / quantity, promo_order_id limit ${campaignsMax}`);
  for (const { id } of rows) {
    const order = await lockOrder(tx, { operatorId, promoOrderId: id });
    if (order === undefined || order.state !== 'running' || order.used >= order.quantity) continue;
    const { printsTerminalDay } = couponLimitsOf(order.details as CouponDetails, order.quantity);
    const today = { use: 'printed' as const, sinceMs: dayStartMs(day) - 1, promoOrderId: id };
    if ((await usesSince(tx, sale, today)) < printsTerminalDay) return order;
  }
  return undefined;
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
    | 'coupon-till-held'
    | 'coupon-till-limit'
    | 'coupon-too-small-sale'
    | 'coupon-unconfirmed'
    | 'coupon-used';
  /** What there is to tell about the till that asked. */
  readonly finding?: Finding;
};

interface KnownCoupon extends Record<string, unknown> {
  readonly issuer: string;
  readonly campaign: string;
  /** Is the sale that it was printed after there, with its money? */
  readonly proven: boolean;
  readonly off: number;
  readonly minimum: number;
  readonly text: string;
  readonly until: string;
  readonly used_for: OrderId | null;
  /** Has the sale another coupon? */
  readonly other: boolean;
}

/**
 * Uses a coupon up for one sale at its issuer's counter and answers the discount: the issuer asks
 * that much less. Nothing is booked, no fund pays it. The same sale again is held anew, and stays
 * that of the till that asked first. A coupon of a sale that was never made, or whose money went
 * back as a whole inside the hold, is good again ({@link isFreeAgain}). One that was printed after
 * a sale which the cloud has not seen paid is good as soon as it has.
 * Errors in this order: coupon-till-held (revoked), coupon-unknown, coupon-of-another-shop,
 * coupon-too-small-sale, and where the sale does not have it already: coupon-expired, coupon-used,
 * coupon-unconfirmed, coupon-till-held, coupon-till-limit.
 */
export async function redeemCoupon(
  tx: Tx,
  sale: CouponSale & { readonly amountFen: Fen },
): Promise<Result<CouponRedeemed, RedeemError>> {
  const { operatorId, merchantId, orderId, nowMs } = sale;
  if (!(await lockTill(tx, sale))) return err({ type: 'coupon-till-held' });
  const tokenHash = hashClaimToken(sale.token);
  const { rows } = await tx.execute<KnownCoupon>(sql`
    select c.issuer_id as issuer, c.off_fen as off, c.minimum_fen as minimum,
           p.details->>'text' as text, c.valid_until::text as until, c.redeemed_for as used_for,
           c.promo_order_id as campaign, c.voided_at_ms is null and ${isSaleProven} as proven,
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
    if (!coupon.proven) return err({ type: 'coupon-unconfirmed' });
    const refused = await mayTillRedeem(tx, sale, coupon.campaign);
    if (refused !== undefined) return err(refused);
  }
  await tx.execute(sql`
    update promo_coupon set redeemed_for = ${orderId}, redeemed_at_ms = ${nowMs},
           redeemed_by = case when redeemed_for = ${orderId}
                           then coalesce(redeemed_by, ${sale.terminalId}) else ${sale.terminalId} end
     where operator_id = ${operatorId} and token_hash = ${tokenHash}`);
  return ok({ offFen: coupon.off, minimumFen: coupon.minimum, text: coupon.text });
}

/** What the till has used up by now against the rule of velocity and the campaign's limit. */
async function mayTillRedeem(
  tx: Tx,
  sale: CouponSale,
  promoOrderId: string,
): Promise<RedeemError | undefined> {
  const finding = await heldTill(tx, sale, 'redeemed');
  if (finding !== undefined) return { type: 'coupon-till-held', finding };
  const { rows } = await tx.execute<{ details: CouponDetails; quantity: number }>(sql`
    select details, quantity from promo_order
     where operator_id = ${sale.operatorId} and promo_order_id = ${promoOrderId}`);
  const campaign = rows[0];
  assert(campaign !== undefined, () => `no campaign ${promoOrderId}`);
  const { redemptionsTerminalDay } = couponLimitsOf(campaign.details, campaign.quantity);
  const sinceMs = dayStartMs(accountingDate(sale.nowMs)) - 1;
  const used = await usesSince(tx, sale, { use: 'redeemed', sinceMs, promoOrderId });
  return used < redemptionsTerminalDay ? undefined : { type: 'coupon-till-limit' };
}

/**
 * Is the sale that a coupon was used for no sale? Money that went back as a whole before it was
 * final says so, and a sale that is over for good without money. A sale that nobody knows, or that
 * failed and might be tried again, is none as soon as its till's journal, which comes in order, has
 * come past the moment until which the till could go on with the coupon; a till whose clock is
 * ahead of ours does not come past it sooner. The journal of a revoked till comes no further: there
 * the hold alone decides.
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
           and (t.revoked_at_ms is not null or exists (select from journal_head h
                         join journal_entry e on e.operator_id = h.operator_id
                          and e.terminal_id = h.terminal_id and e.epoch = h.epoch
                          and e.seq = h.projected_seq
                        where h.operator_id = c.operator_id and h.terminal_id = c.redeemed_by
                          and e.wall_ms - greatest(0, coalesce(b.clock_offset_ms, 0))
                                > c.redeemed_at_ms + ${2 * couponHoldMs}))
      end as free
      from promo_coupon c
      left join customer_order o on o.operator_id = c.operator_id
       and o.merchant_id = c.issuer_id and o.order_id = c.redeemed_for
      left join terminal t on t.operator_id = c.operator_id and t.terminal_id = c.redeemed_by
      left join terminal_heartbeat b on b.operator_id = c.operator_id
       and b.terminal_id = c.redeemed_by
     where c.operator_id = ${operatorId} and c.issuer_id = ${merchantId}
       and c.redeemed_for = ${usedFor}`);
  return rows[0]?.free === true;
}

/**
 * The sale was not made: its coupon is good again. A till that says so is not believed while a
 * charge of the sale is open or has its money: it is booked some moments after it was paid, or
 * waits for that. Answers whether one was given back.
 */
export async function giveBackCoupon(
  tx: Tx,
  sale: Pick<CouponSale, 'operatorId' | 'merchantId' | 'orderId'>,
): Promise<boolean> {
  const { rowCount } = await tx.execute(sql`
    update promo_coupon set redeemed_for = null, redeemed_by = null, redeemed_at_ms = null
     where operator_id = ${sale.operatorId} and issuer_id = ${sale.merchantId}
       and redeemed_for = ${sale.orderId}
       and not exists (select from points_order p where p.operator_id = ${sale.operatorId}
                          and p.order_id = ${sale.orderId})
       and not exists (select from payment_attempt a where a.operator_id = ${sale.operatorId}
                          and a.merchant_id = ${sale.merchantId} and a.order_id = ${sale.orderId}
                          and a.status not in ('failed', 'reversed', 'refunded-late'))`);
  return rowCount === 1;
}
