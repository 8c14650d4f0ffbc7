import { sql } from 'drizzle-orm';
import type { Db } from '#cloud/platform/db.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import type { Clock } from '#shared/time/clock.ts';

interface ChargedShop {
  readonly db: Db;
  readonly clock: Clock;
  readonly operatorId: string;
  readonly merchantId: string;
  readonly terminalId: string;
}

/** A charge of 20.00 stands in the cloud's book of charges; no journal has told of its order, and it is not booked. */
export async function chargedAt(
  { db, clock, ...shop }: ChargedShop,
  charge: { readonly orderId: string; readonly status: 'submitting' | 'paid' },
): Promise<void> {
  const { orderId, status } = charge;
  const nowMs = clock.nowMs();
  const isOpen = status === 'submitting';
  await db.execute(sql`
    insert into payment_attempt (operator_id, order_id, attempt, kind, merchant_id, terminal_id,
      channel, channel_merchant_no, out_trade_no, amount_fen, voucher_fen, concession_bp,
      business_date, cashier, opened_at_ms, content_hash, route, quota_date, status, in_flight,
      submitted_at_ms, cancel_wanted, found_paid, fruitless_tries, next_step, next_at_ms,
      lease_until_ms, channel_ref, paid_at_ms)
    values (${shop.operatorId}, ${orderId}, 1, 'charge', ${shop.merchantId}, ${shop.terminalId},
      'wechat', '1', ${orderId}, 2000, 0, 1000, ${accountingDate(nowMs)}::date, '小王', ${nowMs},
      'x', '{}', ${accountingDate(nowMs)}::date, ${status}, ${isOpen}, ${nowMs}, false, false, 0,
      ${isOpen ? 'query' : null}, ${isOpen ? nowMs : null}::bigint, 0,
      ${isOpen ? null : 'ref'}, ${isOpen ? null : nowMs}::bigint)`);
}
