import { sql } from 'drizzle-orm';
import type { Finding } from '#cloud/identity/terminal-alarms.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { isSaleProven } from '#cloud/promotion/coupon-proof.ts';
import { readVelocityRules } from '#cloud/review/velocity-store.ts';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

/** The till that asks, and when. */
export interface CouponTill {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly terminalId: TerminalId;
  readonly nowMs: number;
}
export type CouponUse = 'printed' | 'redeemed';

const hourMs = 3_600_000;
/** Coupons older than this are no question of proof any more: what was not proven by then is void. */
export const unprovenLapseMs = 7 * 86_400_000;

/**
 * Lets the coupon questions of one till follow each other until the transaction ends, so that its
 * limits hold to the piece. False of a till that was revoked: it waits for that moment, or that
 * moment for it.
 */
export async function lockTill(tx: Tx, till: CouponTill): Promise<boolean> {
  const { rows } = await tx.execute<{ revoked: boolean }>(sql`
    select revoked_at_ms is not null as revoked from terminal
     where operator_id = ${till.operatorId} and terminal_id = ${till.terminalId}
       for no key update`);
  return rows[0]?.revoked === false;
}

/**
 * Has the till printed, or used up, more coupons within the hour than the rule of velocity lets
 * pass? Then it does neither until a person looked: the hold is written here and answered each time
 * as something to be told.
 */
export async function heldTill(
  tx: Tx,
  till: CouponTill,
  use: CouponUse,
): Promise<Finding | undefined> {
  const { operatorId, merchantId, terminalId, nowMs } = till;
  const today = accountingDate(nowMs);
  const standing = await tx.execute<{
    on: string;
    kind: CouponUse;
    seen: number;
    state: string;
  }>(sql`
    select held_on::text as on, kind, seen, state from promo_till_hold
     where operator_id = ${operatorId} and terminal_id = ${terminalId}
       and (state <> 'allowed' or held_on = ${today}::date)
     order by state = 'allowed', held_on limit 1`);
  const hold = standing.rows[0];
  if (hold !== undefined) return hold.state === 'allowed' ? undefined : findingOf(hold.on, hold);
  const { couponTerminalHour: rule } = await readVelocityRules(tx, operatorId);
  if (rule.act === 'off') return undefined;
  const seen = await usesSince(tx, till, { use, sinceMs: nowMs - hourMs });
  // The one that is asked for counts: the one that reaches the number is held.
  if (seen + 1 < rule.count) return undefined;
  await tx.execute(sql`
    insert into promo_till_hold (operator_id, terminal_id, held_on, merchant_id, kind, seen, held_at_ms)
    values (${operatorId}, ${terminalId}, ${today}::date, ${merchantId}, ${use}, ${seen + 1}, ${nowMs})`);
  return findingOf(today, { kind: use, seen: seen + 1 });
}

const findingOf = (
  day: string,
  { kind, seen }: { readonly kind: CouponUse; readonly seen: number },
): Finding => ({
  kind: 'coupon-velocity',
  subject: day,
  detail: `${seen} coupons ${kind} within an hour; held until a person decides`,
});

/** Coupons that this till was given, or used up, since a moment; of one campaign where one is named. */
export async function usesSince(
  tx: Tx,
  { operatorId, terminalId }: CouponTill,
  query: {
    readonly use: CouponUse;
    readonly sinceMs: number;
    readonly promoOrderId?: string;
  },
): Promise<number> {
  const [by, at] =
    query.use === 'printed'
      ? [sql`printed_by`, sql`printed_at_ms`]
      : [sql`redeemed_by`, sql`redeemed_at_ms`];
  const { rows } = await tx.execute<{ count: number }>(sql`
    select count(*) as count from promo_coupon
     where operator_id = ${operatorId} and ${by} = ${terminalId} and ${at} > ${query.sinceMs}
       and (${query.promoOrderId ?? null}::text is null
            or promo_order_id = ${query.promoOrderId ?? null})`);
  return rows[0]?.count ?? 0;
}

/** Coupons of one campaign that this till was given and after whose sales the cloud saw no money. */
export async function unprovenOf(
  tx: Tx,
  { operatorId, terminalId, nowMs }: CouponTill,
  promoOrderId: string,
): Promise<number> {
  const { rows } = await tx.execute<{ count: number }>(sql`
    select count(*) as count from promo_coupon c
     where c.operator_id = ${operatorId} and c.printed_by = ${terminalId}
       and c.printed_at_ms > ${nowMs - unprovenLapseMs} and c.promo_order_id = ${promoOrderId}
       and not (${isSaleProven})`);
  return rows[0]?.count ?? 0;
}

/**
 * May this sale bring a coupon at all? One that the cloud knows, by a journal or by a charge, must
 * be this till's own, of no longer ago than a day, and not be over without money; one that it does
 * not know yet may be a cash sale of this moment, whose journal is on the way.
 */
export async function mayBringCoupon(
  tx: Tx,
  { operatorId, merchantId, terminalId, nowMs }: CouponTill,
  orderId: string,
): Promise<boolean> {
  const { rows } = await tx.execute<{ fits: boolean }>(sql`
    select coalesce(bool_and(fits), true) as fits from (
      select o.terminal_id = ${terminalId} and o.state not in ('failed', 'reversed', 'voided',
               'paid-then-refunded')
             and (o.folded->>'openedAtMs')::bigint > ${nowMs - 24 * hourMs} as fits
        from customer_order o
       where o.operator_id = ${operatorId} and o.merchant_id = ${merchantId}
         and o.order_id = ${orderId}
      union all
      select a.terminal_id = ${terminalId} and a.submitted_at_ms > ${nowMs - 24 * hourMs}
        from payment_attempt a
       where a.operator_id = ${operatorId} and a.merchant_id = ${merchantId}
         and a.order_id = ${orderId}) known`);
  return rows[0]?.fits === true;
}

/**
 * What was printed after sales that never showed within {@link unprovenLapseMs}, or by a till that
 * was revoked since, is void and counts no longer: a running campaign prints it again elsewhere.
 * Answers how many.
 */
export async function voidUnproven(
  tx: Tx,
  look: { readonly operatorId: OperatorId; readonly nowMs: number; readonly limit: number },
): Promise<number> {
  const { operatorId, nowMs } = look;
  // Campaigns first, in one order, as printing locks them; then the papers, which may have been used meanwhile.
  const { rows: found } = await tx.execute<{ token: string; campaign: string }>(sql`
    select c.token_hash as token, c.promo_order_id as campaign from promo_coupon c
      left join terminal t on t.operator_id = c.operator_id and t.terminal_id = c.printed_by
     where c.operator_id = ${operatorId} and c.redeemed_for is null and c.voided_at_ms is null
       and c.printed_by is not null
       and (c.printed_at_ms <= ${nowMs - unprovenLapseMs} or t.revoked_at_ms is not null)
       and c.valid_until >= ${accountingDate(nowMs)}::date
       and not (${isSaleProven})
     order by c.printed_at_ms limit ${look.limit}`);
  if (found.length === 0) return 0;
  const campaigns = [...new Set(found.map(({ campaign }) => campaign))];
  await tx.execute(sql`
    select from promo_order where operator_id = ${operatorId}
       and promo_order_id = any(${sql.param(campaigns)}::text[]) order by promo_order_id for update`);
  const tokens = found.map(({ token }) => token);
  const { rows } = await tx.execute<{ count: number }>(sql`
    with gone as (
      update promo_coupon set voided_at_ms = ${nowMs}
       where operator_id = ${operatorId} and token_hash = any(${sql.param(tokens)}::text[])
         and redeemed_for is null and voided_at_ms is null
      returning promo_order_id
    ), sums as (select promo_order_id, count(*) as papers from gone group by promo_order_id
    ), given as (
      update promo_order p set used = p.used - sums.papers from sums
       where p.operator_id = ${operatorId} and p.promo_order_id = sums.promo_order_id
         and p.state = 'running'
    )
    select coalesce(sum(papers), 0)::bigint as count from sums`);
  return rows[0]?.count ?? 0;
}
