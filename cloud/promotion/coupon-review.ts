import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { CouponUse } from '#cloud/promotion/coupon-guard.ts';
import { isSaleProven, isUseProven } from '#cloud/promotion/coupon-proof.ts';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';

/** A till that waits for somebody to look at its coupons. */
export interface TillHold {
  readonly terminalId: TerminalId;
  readonly merchantId: MerchantId;
  readonly heldOn: string;
  readonly kind: CouponUse;
  readonly seen: number;
  readonly heldAtMs: number;
  readonly state: 'held' | 'refused';
  readonly decidedBy: string | null;
  readonly decidedNote: string | null;
}

export const tillHoldsMax = 200;

/** Tills that neither print nor take coupons, those that nobody looked at first, then the oldest. */
export async function listTillHolds(
  db: Db | Tx,
  operatorId: OperatorId,
): Promise<readonly TillHold[]> {
  const { rows } = await db.execute<TillHold & Record<string, unknown>>(sql`
    select terminal_id as "terminalId", merchant_id as "merchantId", held_on::text as "heldOn", kind,
           seen, held_at_ms as "heldAtMs", state, decided_by as "decidedBy",
           decided_note as "decidedNote"
      from promo_till_hold where operator_id = ${operatorId} and state <> 'allowed'
     order by state = 'refused', held_at_ms, terminal_id limit ${tillHoldsMax}`);
  return rows;
}

/**
 * Somebody looked: the till goes on, for what is left of the day without the rule, or it does not.
 * Who refused may let it go on later. False when it is not held.
 */
export async function decideTillHold(
  db: Db | Tx,
  decision: {
    readonly operatorId: OperatorId;
    readonly terminalId: TerminalId;
    readonly heldOn: string;
    readonly verdict: 'allowed' | 'refused';
    readonly by: string;
    readonly note: string;
    readonly nowMs: number;
  },
): Promise<boolean> {
  const { rowCount } = await db.execute(sql`
    update promo_till_hold set state = ${decision.verdict}, decided_by = ${decision.by},
           decided_note = ${decision.note}, decided_at_ms = ${decision.nowMs}
     where operator_id = ${decision.operatorId} and terminal_id = ${decision.terminalId}
       and held_on = ${decision.heldOn}::date and state <> 'allowed'`);
  return rowCount === 1;
}

/** A coupon that a till was given or used up; for people who look into that till. */
export interface TillCoupon {
  readonly use: CouponUse;
  readonly atMs: number;
  readonly promoOrderId: string;
  readonly issuerId: MerchantId;
  /** Who printed it. */
  readonly partnerId: MerchantId;
  /** The sale: of one that was printed the sale that brought it, else the one that it lowered. */
  readonly orderId: string;
  readonly offFen: number;
  /** Has the cloud seen that sale's money? */
  readonly isSalePaid: boolean;
  readonly isVoid: boolean;
}

export const tillCouponsMax = 200;

/** What one till did with coupons before a moment, the latest first. */
export async function couponsOfTill(
  db: Db | Tx,
  query: {
    readonly operatorId: OperatorId;
    readonly terminalId: TerminalId;
    readonly beforeMs: number;
  },
): Promise<readonly TillCoupon[]> {
  const { operatorId, terminalId, beforeMs } = query;
  const { rows } = await db.execute<TillCoupon & Record<string, unknown>>(sql`
    select use, at_ms as "atMs", promo_order_id as "promoOrderId", issuer_id as "issuerId",
           merchant_id as "partnerId", order_id as "orderId", off_fen as "offFen",
           is_paid as "isSalePaid", voided_at_ms is not null as "isVoid"
      from (select 'printed' as use, printed_at_ms as at_ms, printed_for as order_id,
                   ${isSaleProven} as is_paid, c.*
              from promo_coupon c
             where c.operator_id = ${operatorId} and c.printed_by = ${terminalId}
               and c.printed_at_ms < ${beforeMs}
            union all
            select 'redeemed', redeemed_at_ms, redeemed_for, ${isUseProven}, c.*
              from promo_coupon c
             where c.operator_id = ${operatorId} and c.redeemed_by = ${terminalId}
               and c.redeemed_at_ms < ${beforeMs}) uses
     order by at_ms desc, use, order_id limit ${tillCouponsMax}`);
  return rows;
}
