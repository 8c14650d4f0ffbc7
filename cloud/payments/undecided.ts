import { sql } from 'drizzle-orm';
import type { OrderId } from '#shared/ids/ids.ts';
import type { ChargeStatus } from '#shared/wire/v1/charges.ts';
import type { MerchantKey } from '#cloud/payments/merchant-channels.ts';
import type { Db } from '#cloud/platform/db.ts';

/**
 * A charge should be definite within this after it left; later it stands in the list of exceptions
 * until it is.
 */
export const definiteWithinMs = 90_000;
export const undecidedMax = 500;

/** A charge of which nobody knows yet how it ends. */
export interface Undecided {
  readonly orderId: OrderId;
  readonly attempt: number;
  readonly channel: string;
  readonly outTradeNo: string;
  readonly netFen: number;
  readonly status: ChargeStatus;
  readonly submittedAtMs: number;
  /** When the cloud asks next. */
  readonly nextAtMs: number;
}

/**
 * Charges that should have been definite by now and are not, oldest first. Withholdings have time:
 * nobody waits.
 */
export async function listUndecided(
  db: Db,
  merchant: MerchantKey & { readonly nowMs: number },
): Promise<readonly Undecided[]> {
  const { rows } = await db.execute<{
    order_id: OrderId;
    attempt: number;
    channel: string;
    out_trade_no: string;
    net_fen: number;
    status: ChargeStatus;
    submitted_at_ms: number;
    next_at_ms: number;
  }>(sql`
    select order_id, attempt, channel, out_trade_no, amount_fen - voucher_fen as net_fen, status,
           submitted_at_ms, next_at_ms
      from payment_attempt
     where operator_id = ${merchant.operatorId} and merchant_id = ${merchant.merchantId}
       and kind = 'charge' and next_step is not null
       and submitted_at_ms <= ${merchant.nowMs - definiteWithinMs}
     order by submitted_at_ms limit ${undecidedMax}`);
  return rows.map((row) => ({
    orderId: row.order_id,
    attempt: row.attempt,
    channel: row.channel,
    outTradeNo: row.out_trade_no,
    netFen: row.net_fen,
    status: row.status,
    submittedAtMs: row.submitted_at_ms,
    nextAtMs: row.next_at_ms,
  }));
}

/** A charge that was found paid after the sale had been given up; the money went back by itself. */
export interface WentBack {
  readonly orderId: OrderId;
  readonly attempt: number;
  readonly channel: string;
  readonly netFen: number;
  readonly settledAtMs: number;
}

/** What came too late and went back, the latest first. */
export async function listWentBack(db: Db, merchant: MerchantKey): Promise<readonly WentBack[]> {
  const { rows } = await db.execute<{
    order_id: OrderId;
    attempt: number;
    channel: string;
    net_fen: number;
    settled_at_ms: number;
  }>(sql`
    select order_id, attempt, channel, amount_fen - voucher_fen as net_fen, settled_at_ms
      from payment_attempt
     where operator_id = ${merchant.operatorId} and merchant_id = ${merchant.merchantId}
       and status = 'refunded-late'
     order by settled_at_ms desc limit ${undecidedMax}`);
  return rows.map((row) => ({
    orderId: row.order_id,
    attempt: row.attempt,
    channel: row.channel,
    netFen: row.net_fen,
    settledAtMs: row.settled_at_ms,
  }));
}
