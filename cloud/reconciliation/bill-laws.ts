import { sql, type SQL } from 'drizzle-orm';
import type { Law } from '#cloud/ledger/proofs.ts';
import { chargeKey } from '#cloud/reconciliation/store-rows.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/** Days of bills that are proved anew each night. Older ones were, and neither bills nor journals change. */
export const provedDays = 3;

/** The newest version of each bill of the last days of its account, with the account's last day. */
const newest = (operatorId: OperatorId): SQL => sql`
  newest as materialized (
    select * from (
      select distinct on (channel, account, bill_date) bill_no, channel, account, bill_date,
             day_turns_before_ms,
             max(bill_date) over (partition by channel, account) as last_date
        from bill where operator_id = ${operatorId}
       order by channel, account, bill_date, version desc) b
     where bill_date > last_date - ${provedDays}::integer)`;

const signed = sql`case r.kind when 'paid' then r.amount_fen when 'closed' then 0 else -r.amount_fen end`;
const clearing = (entry: SQL): SQL => sql`-${entry}.amount_fen`;
const startMs = (date: SQL): SQL =>
  sql`extract(epoch from (${date})::timestamp at time zone 'Asia/Shanghai')::bigint * 1000`;
const dayOf = (ms: SQL): SQL =>
  sql`(to_timestamp(${ms} / 1000) at time zone 'Asia/Shanghai')::date`;

/**
 * Bill = ledger. A difference is accounted for while a break waits for the next bill, when a person
 * explained it, or when a correction was booked; an open one breaks the law, and a broken law stops
 * releases.
 */
export const billLaws: readonly Law[] = [
  {
    name: 'bill-equals-ledger',
    says: 'Of each merchant, channel and day the money on the bill is the money in the ledger, but for explained breaks.',
    violations: (operatorId) => sql`
      with ${newest(operatorId)},
      lines as materialized (
        select r.*, ${signed} as fen, ${chargeKey(sql`a`)} as charge_key
          from bill_row r join newest n on n.bill_no = r.bill_no
          left join payment_attempt a on a.operator_id = r.operator_id and a.order_id = r.order_id
            and a.attempt = r.attempt
         where r.operator_id = ${operatorId} and (r.order_id is null or a.status = 'paid')
      ), journals as (
        select distinct on (merchant_id, key) bill_no, merchant_id, key from (
          select bill_no, merchant_id, case
              when refund_no is not null then 'refund:' || order_id || ':' || refund_no
              when out_refund_no is null then charge_key end as key
            from lines where order_id is not null
          union all
          select b.bill_no, b.merchant_id, case when b.refund_no is null then ${chargeKey(sql`a`)}
              else 'refund:' || b.order_id || ':' || b.refund_no end
            from bill_break b join payment_attempt a on a.operator_id = b.operator_id
              and a.order_id = b.order_id and a.attempt = b.attempt and a.status = 'paid'
           where b.operator_id = ${operatorId} and b.class in ('bank-miss', 'refund-miss')
             and coalesce(b.resolved_how, '') not in ('later-bill', 'books-follow')
          union all
          select b.bill_no, b.merchant_id, t.idem_key from bill_break b
            join ledger_txn t on t.operator_id = b.operator_id and t.book = b.merchant_id
             and t.kind = 'bill-correction' and split_part(t.idem_key, ':', 2) = b.break_no::text
           where b.operator_id = ${operatorId}
        ) named where key is not null order by merchant_id, key, bill_no
      ), parts as (
        select bill_no, coalesce(merchant_id, '') as merchant_id, fen as bill_fen, 0 as ledger_fen,
               0 as accounted_fen from lines
        union all
        select j.bill_no, j.merchant_id, 0, ${clearing(sql`e`)}, 0 from journals j
          join ledger_txn t on t.operator_id = ${operatorId} and t.book = j.merchant_id
           and t.idem_key = j.key
          join ledger_entry e on e.operator_id = t.operator_id and e.txn_no = t.txn_no
           and e.account = 'channel_clearing'
        union all
        select b.bill_no, coalesce(b.merchant_id, ''), 0, 0, b.bill_fen - b.our_fen
          from bill_break b
          left join payment_attempt a on a.operator_id = b.operator_id and a.order_id = b.order_id
            and a.attempt = b.attempt
         where b.operator_id = ${operatorId} and b.state in ('waiting', 'explained')
           and (b.order_id is null or a.status = 'paid')
      )
      select n.channel, n.bill_date::text as bill_date, p.merchant_id, sum(bill_fen)::bigint as bill_fen,
             sum(ledger_fen)::bigint as ledger_fen, sum(accounted_fen)::bigint as accounted_fen
        from parts p join newest n using (bill_no)
       group by 1, 2, 3
      having sum(bill_fen) <> sum(ledger_fen) + sum(accounted_fen)`,
  },
  {
    name: 'paid-charges-are-on-a-bill',
    says: 'Every charge that was paid on a day with a bill stands on it, or is a break.',
    violations: (operatorId) => sql`
      with ${newest(operatorId)}
      select order_id, attempt from (
        select a.order_id, a.attempt, 1 as due, 0 as there
          from newest n join payment_attempt a on a.operator_id = ${operatorId}
           and a.channel = n.channel and n.account in ('', a.channel_merchant_no)
           and a.status = 'paid'
           and a.paid_at_ms >= ${startMs(sql`n.bill_date`)} - n.day_turns_before_ms
           and a.paid_at_ms < ${startMs(sql`n.bill_date + 1`)} - n.day_turns_before_ms
         where n.bill_date > n.last_date - ${provedDays - 1}::integer
        union all
        select r.order_id, r.attempt, 0, 1 from bill_row r
         where r.operator_id = ${operatorId} and r.out_refund_no is null and r.order_id is not null
           and r.bill_no in (select bill_no from newest)
        union all
        select order_id, attempt, 0, 1 from bill_break
         where operator_id = ${operatorId} and class = 'bank-miss'
      ) charges group by 1, 2 having sum(due) > 0 and sum(there) = 0`,
  },
  {
    name: 'what-went-back-nets-to-nothing',
    says: 'A charge that is no sale came and went back by the bills, or its break is explained.',
    violations: (operatorId) => sql`
      with ${newest(operatorId)}
      select a.order_id, a.attempt, a.status, sum(${signed})::bigint as left_fen
        from bill_row r join newest n on n.bill_no = r.bill_no
        join payment_attempt a on a.operator_id = r.operator_id and a.order_id = r.order_id
         and a.attempt = r.attempt
        left join bill_break b on b.operator_id = r.operator_id and b.channel = a.channel
         and b.subject = a.out_trade_no and b.state <> 'open'
         and b.class in ('short-by-status', 'long-by-status', 'refund-miss')
       where r.operator_id = ${operatorId} and r.is_odd
         and a.status in ('failed', 'reversed', 'refunded-late')
         and ${dayOf(sql`(a.settled_at_ms + n.day_turns_before_ms)`)} <= n.last_date and b.break_no is null
       group by 1, 2, 3 having sum(${signed}) <> 0`,
  },
  {
    name: 'differences-are-explained',
    says: 'Every difference of money between a bill and the books, however old, is settled or explained by a person.',
    violations: (operatorId) => sql`
      select break_no, channel, class, subject, bill_date::text as bill_date, bill_fen, our_fen
        from bill_break
       where operator_id = ${operatorId} and state = 'open' and bill_fen <> our_fen`,
  },
  {
    name: 'fees-equal-bills',
    says: 'The channel fees in each merchant’s book are those of the newest bills.',
    violations: (operatorId) => sql`
      select coalesce(b.merchant_id, l.book) as merchant_id, b.fen as bills_fen, l.fen as ledger_fen
        from (
          select t.merchant_id, sum(t.fee_fen) as fen from bill_total t
            join (select distinct on (channel, account, bill_date) bill_no from bill
                   where operator_id = ${operatorId}
                   order by channel, account, bill_date, version desc) n using (bill_no)
           where t.operator_id = ${operatorId} and t.merchant_id <> '' group by 1) b
        full join (
          select t.book, -sum(e.amount_fen) as fen from ledger_txn t join ledger_entry e
              on e.operator_id = t.operator_id and e.txn_no = t.txn_no and e.account = 'channel_fee'
           where t.operator_id = ${operatorId} and t.kind = 'channel-fee' group by 1) l
          on l.book = b.merchant_id
       where coalesce(b.fen, 0) <> coalesce(l.fen, 0)`,
  },
];
