import { sql, type SQL } from 'drizzle-orm';
import type { BillRow } from '#cloud/channel/channel-bill.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { BillDay } from '#cloud/reconciliation/bill-key.ts';

/** Lines of a bill that travel to the database at once. */
export const rowsPerChunk = 5_000;

/** The bill whose lines are being stored. */
export interface OpenBill extends BillDay {
  readonly billNo: number;
  readonly nowMs: number;
  /** So long before midnight its day begins and ends, milliseconds. */
  readonly dayTurnsBeforeMs: number;
}

/** The key of the journal by which the books have a paid charge: its sale, or beside one (payments/paid-twice). */
export const chargeKey = (attempt: SQL): SQL =>
  sql`case when ${attempt}.book_state = 'kept' then 'kept:' else 'sale:' end || ${attempt}.order_id`;

/**
 * Stores a chunk of lines with what the ledger holds against each, and opens a break for every line that is not what
 * our books say. One statement: each line finds its charge by number, the charge its journal by key, so the work
 * grows with the bill and not with what the operator ever sold. Lines of charges that are no sale are judged later
 * (judge-bill.ts), when all of their lines are there.
 */
export async function storeRows(
  tx: Tx,
  bill: OpenBill,
  chunk: { readonly firstRowNo: number; readonly rows: readonly BillRow[] },
): Promise<void> {
  await tx.execute(sql`
    with given as materialized (${givenRows(bill, chunk)}),
    known as materialized (
      select g.*, a.merchant_id, a.order_id, a.attempt, a.status, a.book_state, f.refund_no,
             c.fee_bp,
             case g.kind when 'paid' then g.amount_fen when 'closed' then 0
                         else -g.amount_fen end as bill_fen,
             -- Put together here: row-level security lets no index search by an expression like this.
             case when f.refund_no is not null then 'refund:' || a.order_id || ':' || f.refund_no
                  when g.out_refund_no is null then ${chargeKey(sql`a`)} end as idem_key
        from given g
        left join payment_attempt a on a.operator_id = ${bill.operatorId}
          and a.channel = ${bill.channel} and a.out_trade_no = g.out_trade_no
          and a.channel_merchant_no = g.channel_merchant_no
        left join order_refund f on g.out_refund_no is not null
          and f.operator_id = ${bill.operatorId} and f.merchant_id = a.merchant_id
          and f.order_id = a.order_id and f.out_refund_no = g.out_refund_no
        left join merchant_channel c on c.operator_id = ${bill.operatorId}
          and c.merchant_id = a.merchant_id and c.channel = ${bill.channel}
    ), booked as materialized (
      select k.*, coalesce(case when k.status = 'paid' then -e.amount_fen end, 0) as our_fen,
             case when k.bill_fen < 0 then -1 else 1 end
               * ((k.amount_fen * k.fee_bp + 5000) / 10000) as expected_fee_fen
        from known k
        left join ledger_txn t on t.operator_id = ${bill.operatorId} and t.book = k.merchant_id
          and t.idem_key = k.idem_key
        left join ledger_entry e on e.operator_id = ${bill.operatorId} and e.txn_no = t.txn_no
          and e.account = 'channel_clearing'
    ), stored as (
      insert into bill_row (operator_id, bill_no, row_no, kind, out_trade_no, out_refund_no,
          channel_ref, channel_merchant_no, amount_fen, fee_fen, at_ms, merchant_id, order_id,
          attempt, refund_no, our_fen, is_odd)
      select ${bill.operatorId}, ${bill.billNo}, row_no, kind, out_trade_no, out_refund_no,
             channel_ref, channel_merchant_no, amount_fen, fee_fen, at_ms, merchant_id, order_id,
             attempt, refund_no, our_fen,
             -- What is parked may go back yet (payments/paid-twice): its lines are looked at again then.
             kind <> 'paid' or status is distinct from 'paid' or book_state = 'parked'
        from booked
    ), found as (
      select distinct on (class, subject) * from (
        select b.*, coalesce(b.out_refund_no, b.out_trade_no) as subject, ${classOfRow} as class
          from booked b) judged
       where class is not null order by class, subject, row_no
    )
    insert into bill_break as b (operator_id, channel, class, subject, bill_no, account, bill_date,
      merchant_id, order_id, attempt, refund_no, bill_fen, our_fen, fee_fen, expected_fee_fen, state,
      found_at_ms, opened_at_ms)
    select ${bill.operatorId}, ${bill.channel}, class, subject, ${bill.billNo}, ${bill.account},
           ${bill.date}::date, merchant_id, order_id, attempt, refund_no, bill_fen, our_fen, fee_fen,
           expected_fee_fen, 'open', ${bill.nowMs}, ${bill.nowMs}
      from found
    ${onFoundAgain}`);
}

function givenRows(
  bill: OpenBill,
  { firstRowNo, rows }: { readonly firstRowNo: number; readonly rows: readonly BillRow[] },
): SQL {
  const texts = (pick: (row: BillRow) => string | null) =>
    sql`${sql.param(rows.map(pick))}::text[]`;
  const numbers = (pick: (row: BillRow) => number) => sql`${sql.param(rows.map(pick))}::bigint[]`;
  return sql`
    select n::integer + ${firstRowNo - 1}::integer as row_no, g.* from unnest(
      ${texts((row) => row.kind)}, ${texts((row) => row.outTradeNo)},
      ${texts((row) => row.outRefundNo ?? null)}, ${texts((row) => row.channelRef)},
      ${texts((row) => row.channelMerchantNo ?? bill.account)},
      ${numbers((row) => row.amountFen)}, ${numbers((row) => row.feeFen)},
      ${numbers((row) => row.atMs)}
    ) with ordinality as g (kind, out_trade_no, out_refund_no, channel_ref, channel_merchant_no,
      amount_fen, fee_fen, at_ms, n)`;
}

/** What is wrong with one line about a sale of ours, or about none; null when nothing is. */
const classOfRow = sql`case
  when order_id is null then case when bill_fen <> 0 then 'platform-miss' end
  when status <> 'paid' then null
  when kind in ('refund', 'reversed') and refund_no is null then 'platform-miss'
  when bill_fen = our_fen then case when fee_fen <> expected_fee_fen and bill_fen <> 0 then 'fee-mismatch' end
  when bill_fen > our_fen then case when bill_fen = 0 or our_fen = 0 then 'short-by-status' else 'short-by-amount' end
  else case when bill_fen = 0 or our_fen = 0 then 'long-by-status' else 'long-by-amount' end
end`;

const hasOtherSums = sql`(b.bill_fen, b.our_fen, b.fee_fen)
  is distinct from (excluded.bill_fen, excluded.our_fen, excluded.fee_fen)`;

const isAnotherBreak = sql`(b.state in ('resolved', 'explained')
  and (coalesce(b.resolved_how, '') in ('later-bill', 'books-follow') or ${hasOtherSums}))`;

/**
 * The same break found by another bill. What people settled stays settled while the sums are the same; what had
 * settled itself is open again.
 */
export const onFoundAgain = sql`
  on conflict (operator_id, channel, class, subject) do update set
    bill_no = excluded.bill_no, bill_date = excluded.bill_date, bill_fen = excluded.bill_fen,
    our_fen = excluded.our_fen, fee_fen = excluded.fee_fen,
    expected_fee_fen = excluded.expected_fee_fen,
    state = case when ${isAnotherBreak} then excluded.state when b.state = 'waiting' then excluded.state
      else b.state end,
    resolved_how = case when ${isAnotherBreak} then null else b.resolved_how end,
    resolved_at_ms = case when ${isAnotherBreak} then null else b.resolved_at_ms end,
    proposed_how = case when ${hasOtherSums} then null else b.proposed_how end,
    proposed_by = case when ${hasOtherSums} then null else b.proposed_by end,
    opened_at_ms = coalesce(b.opened_at_ms, excluded.opened_at_ms)`;
