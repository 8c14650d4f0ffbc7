import { sql } from 'drizzle-orm';
import type { OperatorId, OrderId } from '#shared/ids/ids.ts';
import { addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import { learnFromBill, type BillVerdict } from '#cloud/payments/learn-from-bill.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import type { BillDay } from '#cloud/reconciliation/bill-key.ts';

/** Charges that one look settles; the next look takes the rest. */
export const unknownPerStepMax = 500;

interface Row extends Record<string, unknown> {
  operator_id: OperatorId;
  order_id: OrderId;
  attempt: number;
  out_trade_no: string;
  digest: string;
  paid_fen: number;
  back_fen: number;
  channel_ref: string | null;
  paid_at_ms: number | null;
  net_fen: number;
}

/**
 * Charges of this day and the day before that nobody could get a definite answer about, by what the
 * bills say: paid, paid and gone back, or on neither the bill of their day nor the next day's:
 * never paid. A sum other than the one asked for settles nothing. Returns how many were settled.
 */
export async function settleUnknown(deps: PaymentDeps, day: BillDay): Promise<number> {
  const { rows } = await deps.db.execute<Row>(sql`
    with newest as (
      select distinct on (bill_date) bill_date, bill_no, digest from bill
       where operator_id = ${day.operatorId} and channel = ${day.channel}
         and account = ${day.account}
         and bill_date between ${addDays(day.date, -1)}::date and ${addDays(day.date, 1)}::date
       order by bill_date, version desc
    ), pending as (
      select a.* from payment_attempt a
       where a.operator_id = ${day.operatorId} and a.channel = ${day.channel}
         and a.next_step is not null and not a.found_paid
         and a.submitted_at_ms >= ${dayStartMs(addDays(day.date, -1))}
         and a.submitted_at_ms < ${dayStartMs(addDays(day.date, 1))}
         and (${day.account} = '' or a.channel_merchant_no = ${day.account})
    ), said as (
      select p.operator_id, p.order_id, p.attempt, p.out_trade_no, p.submitted_at_ms,
             p.amount_fen - p.voucher_fen as net_fen, (select max(digest) from newest) as digest,
             coalesce(sum(r.amount_fen) filter (where r.kind = 'paid'), 0)::bigint as paid_fen,
             coalesce(sum(r.amount_fen) filter (where r.kind in ('refund', 'reversed')), 0)::bigint
               as back_fen,
             max(r.channel_ref) filter (where r.kind = 'paid') as channel_ref,
             min(r.at_ms) filter (where r.kind = 'paid') as paid_at_ms
        from pending p
        left join (bill_row r join newest n on n.bill_no = r.bill_no)
          on r.operator_id = p.operator_id and r.is_odd and r.order_id = p.order_id
         and r.attempt = p.attempt
       group by 1, 2, 3, 4, 5, 6
    )
    select s.* from said s
     where s.paid_fen = s.net_fen and s.back_fen in (0, s.net_fen)
        or s.paid_fen = 0 and s.back_fen = 0 and 2 = (
          select count(*) from newest
           where bill_date - (to_timestamp(s.submitted_at_ms / 1000) at time zone 'Asia/Shanghai')::date
             in (0, 1))
     order by s.submitted_at_ms limit ${unknownPerStepMax}`);
  let settled = 0;
  for (const row of rows) {
    const key = { operatorId: row.operator_id, orderId: row.order_id, attempt: row.attempt };
    const learned = await learnFromBill(deps, key, {
      verdict: verdictOf(row),
      digest: row.digest,
      text: `bills around ${day.date}: ${row.out_trade_no} paid ${row.paid_fen} back ${row.back_fen}`,
    });
    if (learned !== undefined) settled += 1;
  }
  return settled;
}

function verdictOf(row: Row): BillVerdict {
  const { channel_ref: channelRef, paid_at_ms: paidAtMs } = row;
  if (channelRef === null || paidAtMs === null) return { type: 'closed' };
  if (row.back_fen > 0) return { type: 'refunded' };
  return { type: 'paid', channelRef, paidAtMs: paidAtMs };
}
