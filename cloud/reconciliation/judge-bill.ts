import { sql, type SQL } from 'drizzle-orm';
import { addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { billsAround } from '#cloud/reconciliation/bill-key.ts';
import { chargeKey, onFoundAgain, type OpenBill } from '#cloud/reconciliation/store-rows.ts';

/**
 * So near to the turn of the day the channel and we may disagree about the day: what is missing there waits for the next bill
 * before it is a break. In milliseconds.
 */
export const dayEdgeMs = 30 * 60_000;
/** How many days a charge that was taken back may have its lines apart: the reversal window and a day. */
const apartDaysMax = 8;
/** Lines of charges that went back even later, looked up for one bill. */
const olderReturnsMax = 1_000;

/** Everything that can be said only when all lines of a bill are stored. */
export async function judgeBill(tx: Tx, bill: OpenBill): Promise<void> {
  const near = await billsAround(tx, bill, { fromDays: -1, toDays: 1 });
  const wide = await billsAround(tx, bill, { fromDays: -apartDaysMax, toDays: 1 });
  const isNextThere = near.has(addDays(bill.date, 1));
  // These tables were filled a moment ago and have no statistics: loops over them would never end.
  await tx.execute(sql`set local enable_nestloop = off`);
  await findDoubles(tx, bill, [...near.values()]);
  await findMissingCharges(tx, bill, { near: [...near.values()], isNextThere });
  await settleByNeighbours(tx, bill, [...near.values()]);
  await tx.execute(sql`set local enable_nestloop = on`);
  await findMissingRefunds(tx, bill, { near: [...near.values()], isNextThere });
  const returns = { wide: [...wide.values()], older: await olderPaidTwice(tx, bill) };
  await findUnsettledReturns(tx, bill, { returns, isNextThere });
  await settleByItself(tx, bill, returns);
  await noteFound(tx, bill);
}

const numbers = (values: readonly number[]): SQL => sql`${sql.param(values)}::bigint[]`;

/** A query of breaks becomes rows of bill_break. It names all columns that are not the bill's own. */
const open = (tx: Tx, bill: OpenBill, findings: SQL): Promise<unknown> =>
  tx.execute(sql`
    insert into bill_break as b (operator_id, channel, bill_no, account, bill_date, found_at_ms,
      class, subject, merchant_id, order_id, attempt, refund_no, bill_fen, our_fen, fee_fen,
      expected_fee_fen, state, opened_at_ms)
    select ${bill.operatorId}, ${bill.channel}, ${bill.billNo}, ${bill.account},
           ${bill.date}::date, ${bill.nowMs}, f.class, f.subject, f.merchant_id, f.order_id,
           f.attempt, f.refund_no, f.bill_fen, f.our_fen, null::bigint, null::bigint, f.state,
           case when f.state = 'open' then ${bill.nowMs}::bigint end
      from (${findings}) f
    ${onFoundAgain}`);

/**
 * The same order stands there as paid more than once, on this bill or also on a neighbour's: every
 * line but the first.
 */
const findDoubles = (tx: Tx, bill: OpenBill, near: readonly number[]): Promise<unknown> =>
  open(
    tx,
    bill,
    sql`select 'double' as class, out_trade_no || '/' || channel_ref || '/' || n as subject,
               merchant_id, order_id, attempt, null::integer as refund_no, amount_fen as bill_fen,
               0::bigint as our_fen, 'open' as state
          from (
            select r.*, row_number() over (
                     partition by out_trade_no
                     order by bill_no <> ${bill.billNo}, row_no) as nth,
                   row_number() over (
                     partition by out_trade_no, channel_ref, bill_no = ${bill.billNo}
                     order by row_no) as n,
                   bool_or(bill_no <> ${bill.billNo}) over (partition by out_trade_no) as is_elsewhere
              from bill_row r
             where operator_id = ${bill.operatorId} and bill_no = any(${numbers(near)})
               and kind = 'paid' and out_trade_no in (
                 select out_trade_no from bill_row
                  where operator_id = ${bill.operatorId} and bill_no = any(${numbers(near)})
                    and kind = 'paid'
                  group by out_trade_no having count(*) > 1)
          ) doubled
         where bill_no = ${bill.billNo} and (nth > 1 or is_elsewhere)`,
  );

interface Window {
  /** Bills of this day and its neighbours. */
  readonly near: readonly number[];
  readonly isNextThere: boolean;
}

/** What the bill is about: from here on, and until there. */
const firstMs = (bill: OpenBill): number => dayStartMs(bill.date) - bill.dayTurnsBeforeMs;
const dayEndMs = (bill: OpenBill): number =>
  dayStartMs(addDays(bill.date, 1)) - bill.dayTurnsBeforeMs;
const isOfAccount = (bill: OpenBill): SQL =>
  bill.account === '' ? sql`true` : sql`a.channel_merchant_no = ${bill.account}`;
/** By the day of their journals, which midnight divides, and where the channel's day turns earlier by their hour too. */
const isRefundOfDay = (bill: OpenBill): SQL =>
  bill.dayTurnsBeforeMs === 0
    ? sql`f.ledger_date = ${bill.date}::date`
    : sql`f.ledger_date between ${addDays(bill.date, -1)}::date and ${bill.date}::date
        and f.done_at_ms >= ${firstMs(bill)} and f.done_at_ms < ${dayEndMs(bill)}`;
/** Missing, and perhaps only booked on the other side of midnight: it waits for the next bill. */
const stateOf = (
  bill: OpenBill,
  atMs: SQL,
  { isNextThere }: { readonly isNextThere: boolean },
): SQL =>
  isNextThere
    ? sql`'open'`
    : sql`case when ${atMs} >= ${dayEndMs(bill) - dayEdgeMs} then 'waiting' else 'open' end`;

/** Charges that were paid on this day and stand on no bill around it. */
const findMissingCharges = (tx: Tx, bill: OpenBill, window: Window): Promise<unknown> =>
  open(
    tx,
    bill,
    sql`select 'bank-miss' as class, a.out_trade_no as subject, a.merchant_id, a.order_id, a.attempt,
               null::integer as refund_no, 0::bigint as bill_fen,
               a.amount_fen - a.voucher_fen as our_fen,
               ${stateOf(bill, sql`a.paid_at_ms`, window)} as state
          from payment_attempt a
         where a.operator_id = ${bill.operatorId} and a.channel = ${bill.channel}
           and a.paid_at_ms >= ${firstMs(bill)} and a.paid_at_ms < ${dayEndMs(bill)}
           and a.status = 'paid' and ${isOfAccount(bill)}
           and not exists (
             select from bill_row r
              where r.operator_id = a.operator_id and r.bill_no = any(${numbers(window.near)})
                and r.out_refund_no is null and r.order_id = a.order_id
                and r.attempt = a.attempt)`,
  );

/** Refunds that went back on this day and stand on no bill around it. */
const findMissingRefunds = (tx: Tx, bill: OpenBill, window: Window): Promise<unknown> =>
  open(
    tx,
    bill,
    sql`select 'refund-miss' as class, f.out_refund_no as subject, f.merchant_id, f.order_id, f.attempt,
               f.refund_no, 0::bigint as bill_fen, -f.cash_fen as our_fen,
               ${stateOf(bill, sql`f.done_at_ms`, window)} as state
          from order_refund f
          join payment_attempt a on a.operator_id = f.operator_id and a.order_id = f.order_id
            and a.attempt = f.attempt
         where f.operator_id = ${bill.operatorId} and ${isRefundOfDay(bill)}
           and f.status = 'done' and f.how = 'channel' and a.operator_id = ${bill.operatorId}
           and a.channel = ${bill.channel} and ${isOfAccount(bill)}
           and not exists (
             select from bill_row r
              where r.operator_id = f.operator_id and r.bill_no = any(${numbers(window.near)})
                and r.is_odd and r.order_id = f.order_id
                and r.out_refund_no = f.out_refund_no)`,
  );

interface Returns {
  /** Bills of the days in which what was taken back has its lines. */
  readonly wide: readonly number[];
  readonly older: OlderReturns;
}
interface OlderReturns {
  readonly billNos: readonly number[];
  readonly orderIds: readonly string[];
}

/**
 * Charges that people decided about weeks later (payments/paid-twice) and that went back not long
 * before this bill: their payment stands on an older one than others are looked for on.
 */
async function olderPaidTwice(tx: Tx, bill: OpenBill): Promise<OlderReturns> {
  const fromMs = dayStartMs(addDays(bill.date, -apartDaysMax));
  const { rows } = await tx.execute<{ order_id: string; bill_no: number }>(sql`
    select distinct on (p.order_id, b.bill_date) p.order_id, b.bill_no
      from paid_twice p
      join payment_attempt a using (operator_id, order_id, attempt)
      join bill b on b.operator_id = a.operator_id and b.channel = a.channel
       and b.account = ${bill.account}
       and b.bill_date between
         (to_timestamp(a.paid_at_ms / 1000) at time zone 'Asia/Shanghai')::date - 1
         and (to_timestamp(a.paid_at_ms / 1000) at time zone 'Asia/Shanghai')::date + 1
     where p.operator_id = ${bill.operatorId} and a.channel = ${bill.channel}
       and p.verdict = 'give-back' and b.bill_date < ${addDays(bill.date, -apartDaysMax)}::date
       and coalesce(p.ended_at_ms, ${bill.nowMs}) >= ${fromMs}
     order by p.order_id, b.bill_date, b.version desc limit ${olderReturnsMax}`);
  return {
    billNos: [...new Set(rows.map((row) => row.bill_no))],
    orderIds: [...new Set(rows.map((row) => row.order_id))],
  };
}

/**
 * What the lines of charges that are no sale come to: nothing, because what came in went back. More is money that the
 * books do not know, or that we say went back; less went back twice. Of a charge that is still open only a sum nobody
 * asked for is looked at: the rest is settled by settle-unknown.ts.
 */
const returnsOf = (bill: OpenBill, { wide, older }: Returns): SQL => sql`
  select a.out_trade_no, a.merchant_id, a.order_id, a.attempt, a.status, a.settled_at_ms, r.bill_fen
    from (
      select order_id, attempt, sum(case kind when 'paid' then amount_fen when 'closed' then 0 else -amount_fen end)::bigint
               as bill_fen
        from bill_row
       where operator_id = ${bill.operatorId} and is_odd and order_id is not null
         and (bill_no = any(${numbers(wide)}) or bill_no = any(${numbers(older.billNos)})
           and order_id = any(${sql.param(older.orderIds)}::text[]))
       group by order_id, attempt
    ) r
    join payment_attempt a on a.operator_id = ${bill.operatorId} and a.order_id = r.order_id
      and a.attempt = r.attempt
   where a.status in ('failed', 'reversed', 'refunded-late')
      or a.next_step is not null and r.bill_fen not in (0, a.amount_fen - a.voucher_fen)`;

const findUnsettledReturns = (
  tx: Tx,
  bill: OpenBill,
  { returns, isNextThere }: { readonly returns: Returns; readonly isNextThere: boolean },
): Promise<unknown> =>
  open(
    tx,
    bill,
    sql`select case when bill_fen < 0 then 'long-by-status'
                    when status = 'refunded-late' then 'refund-miss'
                    else 'short-by-status' end as class,
               out_trade_no as subject, merchant_id, order_id, attempt, null::integer as refund_no,
               bill_fen, 0::bigint as our_fen,
               case when status = 'refunded-late' and ${!isNextThere}
                     and settled_at_ms >= ${dayEndMs(bill) - dayEdgeMs}
                    then 'waiting' else 'open' end as state
          from (${returnsOf(bill, returns)}) returns where bill_fen <> 0`,
  );

type SettledBy = 'later-bill' | 'books-follow';

/** Breaks that are right now, without people. */
const settle = (tx: Tx, bill: OpenBill, how: SettledBy, which: SQL): Promise<unknown> =>
  tx.execute(sql`
    with settled as (
      update bill_break b set state = 'resolved', resolved_how = ${how},
          resolved_at_ms = ${bill.nowMs}, proposed_how = null, proposed_by = null
       where ${isUnsettled(bill)} and ${which} returning b.break_no, b.merchant_id)
    insert into bill_break_event (operator_id, break_no, merchant_id, what, who, note, at_ms)
    select ${bill.operatorId}, break_no, merchant_id, ${how}, 'cloud', ${`bill ${bill.date}`},
           ${bill.nowMs} from settled`);

const isUnsettled = (bill: OpenBill): SQL => sql`b.operator_id = ${bill.operatorId}
  and b.channel = ${bill.channel} and b.account = ${bill.account} and b.state <> 'resolved'`;

/** What was missing and stands on this bill or a neighbour's. */
async function settleByNeighbours(tx: Tx, bill: OpenBill, near: readonly number[]): Promise<void> {
  await settle(
    tx,
    bill,
    'later-bill',
    sql`b.class in ('bank-miss', 'refund-miss') and b.bill_fen = 0
      and b.bill_date between ${addDays(bill.date, -1)}::date and ${addDays(bill.date, 1)}::date
      and exists (select from bill_row r where r.operator_id = b.operator_id
        and r.bill_no = any(${numbers(near)}) and r.order_id = b.order_id
        and r.attempt = b.attempt and r.refund_no is not distinct from b.refund_no
        and (r.out_refund_no is null) = (b.refund_no is null))`,
  );
}

/** What later lines, or the books, have put right. What waited in vain is a break now. */
async function settleByItself(tx: Tx, bill: OpenBill, returns: Returns): Promise<void> {
  // What this version says too carries its number by now; the rest stood on an older one.
  await settle(
    tx,
    bill,
    'later-bill',
    sql`b.bill_date = ${bill.date}::date and b.bill_no <> ${bill.billNo}`,
  );
  await settle(
    tx,
    bill,
    'later-bill',
    sql`b.class in ('short-by-status', 'long-by-status', 'refund-miss') and b.our_fen = 0
      and b.refund_no is null and exists (select from (${returnsOf(bill, returns)}) returns
        where returns.bill_fen = 0 and returns.order_id = b.order_id
          and returns.attempt = b.attempt)`,
  );
  await settle(
    tx,
    bill,
    'books-follow',
    sql`b.class in ('short-by-status', 'short-by-amount', 'long-by-status', 'long-by-amount')
      and b.order_id is not null and b.bill_fen = ${ledgerFenOf(sql`b`)} and b.bill_fen <> 0`,
  );
  await tx.execute(sql`
    update bill_break b set state = 'open', opened_at_ms = ${bill.nowMs}
     where ${isUnsettled(bill)} and b.state = 'waiting' and b.bill_date < ${bill.date}::date`);
}

/** What the ledger holds now against the charge or the refund of a row: positive came in. */
export const ledgerFenOf = (row: SQL): SQL => sql`coalesce((
  select -e.amount_fen
    from (select case when ${row}.refund_no is null then ${chargeKey(sql`p`)}
                      else 'refund:' || p.order_id || ':' || ${row}.refund_no end as key
            from payment_attempt p
           where p.operator_id = ${row}.operator_id and p.order_id = ${row}.order_id
             and p.attempt = ${row}.attempt and p.status = 'paid' offset 0) k
    join ledger_txn t on t.operator_id = ${row}.operator_id and t.book = ${row}.merchant_id
     and t.idem_key = k.key
    join ledger_entry e on e.operator_id = t.operator_id and e.txn_no = t.txn_no
     and e.account = 'channel_clearing'), 0)`;

const noteFound = (tx: Tx, bill: OpenBill): Promise<unknown> =>
  tx.execute(sql`
    insert into bill_break_event (operator_id, break_no, merchant_id, what, who, note, at_ms)
    select operator_id, break_no, merchant_id, 'found', 'cloud',
           ${`bill ${bill.billNo} of ${bill.date}: `}::text || class || ' ' || (bill_fen - our_fen), ${bill.nowMs}
      from bill_break
     where operator_id = ${bill.operatorId} and bill_no = ${bill.billNo} and state <> 'resolved'`);
