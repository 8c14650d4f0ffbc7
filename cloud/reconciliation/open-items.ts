import { sql, type SQL } from 'drizzle-orm';
import { definiteWithinMs } from '#cloud/payments/undecided.ts';
import { actLifeMs } from '#cloud/persons/proposal-life.ts';
import type { Db } from '#cloud/platform/db.ts';
import { breakClasses, type BreakClass } from '#cloud/reconciliation/breaks/break-machine.ts';
import { freezeAlarmMs, openTooLongMs } from '#cloud/settlement/instructions/instruction-list.ts';
import type { OperatorId, PersonId } from '#shared/ids/ids.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

/** Where a thing that waits for people comes from. */
export const openItemSources = [
  'bill',
  'booking',
  'charge',
  'instruction',
  'no-bill',
  'refund',
  'resolution',
  'review',
] as const;
export type OpenItemSource = (typeof openItemSources)[number];

export const openItemsPerPageMax = 500;
/** So long the list says that both of two payments went back. */
const bothBackMs = 30 * 86_400_000;
/** Days whose missing bills are listed, for channels that offer none. */
const noBillDays = 7;

/** One thing that people should look at. Times in ms, amounts in fen. */
export interface OpenItem {
  readonly source: OpenItemSource;
  /** Names it inside its source. */
  readonly ref: string;
  /** What kind it is: a class of break, a reason, a code. */
  readonly kind: string;
  readonly words: string;
  readonly merchantId: string | undefined;
  readonly orderId: string | undefined;
  readonly amountFen: number;
  readonly sinceMs: number;
  readonly state: string;
  readonly owner: string | undefined;
  /** The route by which it ends; undefined when it ends by itself. */
  readonly resolvedBy: string | undefined;
}

const words: Readonly<Record<string, string>> = {
  ...breakClasses,
  undecided: '收款结果长时间不明，渠道还没有给出确定答复',
  parked: '钱已收到，账本暂时没有记上',
  'paid-twice':
    '这一单已按别的方式入账，渠道又收到了钱：由两人决定退还顾客，或确认另一笔没有收到、留下渠道这笔',
  'paid-twice-refunded':
    '这一单已按别的方式入账，渠道又收到了钱，收银台已把另一笔全部退还：由两人决定留下渠道这笔（货没退），或也退还顾客（货退了）',
  'paid-twice-both-back':
    '两人决定退还渠道这笔之前，收银台已退了另一笔：顾客可能一分未付，货没退的请商户向顾客补收',
  'paid-twice-returning': '两人决定把渠道多收的钱退还顾客，渠道还没有给出确定答复',
  'loss-parked': '平台应补给商户的离线损失，账本暂时没有记上，还没有支付',
  'by-hand': '渠道办不了，须人工支付并两人确认',
  'subsidy-over-limit': '券补贴超过渠道单笔上限，须用备付账户支付给商户，两人确认',
  'subsidy-no-channel': '没有渠道补贴的券，当天合计须用备付账户支付给商户，两人确认',
  'subsidy-not-paid': '两人确认这笔券补贴没有付出，仍须支付给商户',
  'subsidy-was-by-hand': '人工支付的券补贴，退款后须人工收回，两人确认',
  failed: '渠道最终拒绝了指令，钱还在原处',
  'open-too-long': '指令发出超过一小时没有确定结果',
  'freeze-lapses': '结算保留款快要被渠道自动解冻',
  blocked: '指令被前面的事项挡住超过一小时',
  'no-bill': '这个渠道没有账单，这一天的收款没有经过核对',
  'refund-open': '退款结果长时间不明',
  'refund-not-booked': '钱已退，账本没有记上',
  'said-otherwise': '两人核实后，渠道给出了相反的说法',
  held: '交易异常，等待人工审核',
};

interface Row extends Record<string, unknown> {
  source: OpenItemSource;
  ref: string;
  kind: string;
  merchant_id: string | null;
  order_id: string | null;
  amount_fen: number;
  since_ms: number;
  state: string;
  owner: string | null;
  resolved_by: string | null;
}

/** The last item of the page before. */
export interface OpenItemCursor {
  readonly sinceMs: number;
  readonly source: string;
  readonly ref: string;
}

export interface OpenItemQuery {
  readonly operatorId: OperatorId;
  readonly nowMs: number;
  /** Channels with an adapter that has no bill desk. */
  readonly channelsWithoutBill: readonly string[];
  readonly source?: OpenItemSource | undefined;
  /** A person's id, or `nobody`. */
  readonly owner?: string | undefined;
  readonly after?: OpenItemCursor | undefined;
}

/**
 * Everything that waits for people, in one list, the oldest first: differences with bills, charges
 * and refunds in doubt, bookings that the books refused, instructions that a channel refused or
 * cannot carry out, sales held for review, what two people decided and the channel denied, and days
 * of channels that offer no bill.
 */
export async function listOpenItems(db: Db, query: OpenItemQuery): Promise<readonly OpenItem[]> {
  const { operatorId: o, after } = query;
  const { rows } = await db.execute<Row>(sql`
    with items as (${itemsOf(query)})
    select i.source, i.ref, i.kind, i.merchant_id, i.order_id, i.amount_fen::bigint as amount_fen,
           i.since_ms::bigint as since_ms, i.state, coalesce(i.owner, w.owner) as owner,
           i.resolved_by
      from items i left join open_item_owner w on w.operator_id = ${o} and w.source = i.source
       and w.ref = i.ref
     where (${query.source ?? null}::text is null or i.source = ${query.source ?? null})
       and (${query.owner ?? null}::text is null
         or coalesce(i.owner, w.owner, 'nobody') = ${query.owner ?? null})
       and (i.since_ms, i.source, i.ref)
         > (${after?.sinceMs ?? -1}::bigint, ${after?.source ?? ''}, ${after?.ref ?? ''})
     order by i.since_ms, i.source, i.ref limit ${openItemsPerPageMax}`);
  return rows.map((row) => ({
    source: row.source,
    ref: row.ref,
    kind: row.kind,
    words: words[row.kind] ?? words[row.kind as BreakClass] ?? row.kind,
    merchantId: row.merchant_id ?? undefined,
    orderId: row.order_id ?? undefined,
    amountFen: row.amount_fen,
    sinceMs: row.since_ms,
    state: row.state,
    owner: row.owner ?? undefined,
    resolvedBy: row.resolved_by ?? undefined,
  }));
}

const itemsOf = (query: OpenItemQuery): SQL =>
  sql`${soldItems(query)} union all ${settledItems(query)}`;

/** What a bill, a reviewer, a channel told to settle, or a refund waits for. */
const settledItems = ({ operatorId: o, nowMs }: OpenItemQuery): SQL => sql`
      select 'bill' as source, break_no::text as ref, class as kind, merchant_id, order_id,
             bill_fen - our_fen as amount_fen, found_at_ms as since_ms, state, owner,
             '/admin/v1/breaks/' || break_no || '/steps' as resolved_by
        from bill_break where operator_id = ${o} and state <> 'resolved'
      union all
      select 'review', h.merchant_id || ':' || h.order_id, 'held', h.merchant_id, h.order_id,
             coalesce(l.net_fen, 0), held_at_ms, reasons::text, null,
             '/admin/v1/merchants/' || h.merchant_id || '/reviews/' || h.order_id || '/release'
        from review_hold h left join settlement_line l on l.operator_id = h.operator_id
         and l.merchant_id = h.merchant_id and l.order_id = h.order_id
       where h.operator_id = ${o} and h.state = 'held'
      union all
      select 'instruction', instruction_no, coalesce(case when exception = 'by-hand' then code end,
             case when exception = 'failed' and kind = 'subsidy-payout' then 'subsidy-not-paid' end,
             exception), merchant_id, order_id, amount_fen, created_at_ms, state, null,
             case when exception in ('by-hand', 'failed') or kind = 'payout'
               then '/admin/v1/instructions/' || instruction_no || '/decision' end
        from (select i.*, case when state = 'ready' and by_hand then 'by-hand'
            when state = 'failed' and replaced_by is null then 'failed'
            when state in ('ready', 'open') and freeze_lapses_at_ms - ${freezeAlarmMs} < ${nowMs}
              then 'freeze-lapses'
            when state = 'open' and sent_at_ms + ${openTooLongMs} < ${nowMs} then 'open-too-long'
            when state = 'ready' and next_at_ms + ${openTooLongMs} < ${nowMs} then 'blocked'
          end as exception from channel_instruction i where operator_id = ${o}) e
       where exception is not null
      union all
      select 'refund', order_id || ':' || refund_no,
             case when book_error is null then 'refund-open' else 'refund-not-booked' end,
             merchant_id, order_id, cash_fen, asked_at_ms, coalesce(book_error, status), null, null
        from order_refund where operator_id = ${o} and status in ('refunding', 'booking')
         and (book_error is not null or asked_at_ms + ${openTooLongMs} < ${nowMs})`;

/** What is open about charges themselves. */
const soldItems = ({ operatorId: o, nowMs, channelsWithoutBill }: OpenItemQuery): SQL => sql`
      select 'charge' as source, a.order_id || ':' || a.attempt as ref,
             case when p.verdict is null then 'undecided' else 'paid-twice-returning' end as kind,
             a.merchant_id, a.order_id, a.amount_fen - a.voucher_fen as amount_fen,
             coalesce(p.decided_at_ms, a.submitted_at_ms) as since_ms,
             a.status || coalesce(' ' || p.proposed_by || ' ' || p.agreed_by, '') as state,
             p.agreed_by as owner,
             '/admin/v1/charges/' || a.order_id || '/' || a.attempt || '/resolution' as resolved_by
        from payment_attempt a
        left join paid_twice p using (operator_id, order_id, attempt)
       where a.operator_id = ${o} and a.kind = 'charge' and a.next_step is not null
         and (a.submitted_at_ms <= ${nowMs - definiteWithinMs} or p.verdict is not null)
      union all
      select 'booking', a.order_id || ':' || a.attempt, t.kind, a.merchant_id, a.order_id,
             a.amount_fen - a.voucher_fen, a.submitted_at_ms,
             coalesce('act ' || w.act_no || ': ' || (w.what ->> 'verdict'), a.book_error, ''),
             w.proposed_by,
             case when t.kind <> 'parked'
               then '/admin/v1/charges/' || a.order_id || '/' || a.attempt || '/paid-twice' end
        from payment_attempt a
       cross join lateral (select coalesce((select case when l.amount_fen <= (
                   select coalesce(sum(r.amount_fen), 0) from order_refund r
                    where r.operator_id = l.operator_id and r.merchant_id = l.merchant_id
                      and r.order_id = l.order_id and r.status <> 'failed')
                 then 'paid-twice-refunded' else 'paid-twice' end
                from settlement_line l
               where l.operator_id = a.operator_id and l.merchant_id = a.merchant_id
                 and l.order_id = a.order_id and l.source <> 'channel'), 'parked') as kind) t
        left join two_person_act w on w.operator_id = a.operator_id and w.state = 'proposed'
         and w.proposed_at_ms >= ${nowMs - actLifeMs}
         and w.kind = 'resolve-paid-twice' and w.subject = a.order_id || ':' || a.attempt
       where a.operator_id = ${o} and a.book_state = 'parked'
      union all
      -- Cash that had left the drawer before two people decided, and of which the cloud heard after.
      select 'booking', p.order_id || ':' || p.attempt || ':both', 'paid-twice-both-back',
             p.merchant_id, p.order_id, r.back_fen - p.back_fen, p.decided_at_ms, p.agreed_by,
             p.agreed_by, null
        from paid_twice p
       cross join lateral (select sum(o.amount_fen)::bigint as back_fen from order_refund o
              where o.operator_id = p.operator_id and o.merchant_id = p.merchant_id
                and o.order_id = p.order_id and o.status <> 'failed' and o.how <> 'channel'
                and o.asked_at_ms <= p.decided_at_ms) r
       where p.operator_id = ${o} and p.verdict = 'give-back'
         and p.decided_at_ms > ${nowMs - bothBackMs}
         and r.back_fen > p.back_fen
      union all
      select 'booking', order_id || ':loss', 'loss-parked', merchant_id, order_id, covered_fen,
             coalesce(settled_at_ms, accepted_at_ms), parked_reason, null, null
        from offline_settlement where operator_id = ${o} and covered_fen > 0
         and parked_reason is not null
      union all
      select 'resolution', order_id || ':' || attempt, 'said-otherwise', r.merchant_id, order_id,
             amount_fen - voucher_fen, break_at_ms, break_said, null,
             '/admin/v1/charges/' || order_id || '/' || attempt || '/resolution/close-break'
        from attempt_resolution r join payment_attempt a using (operator_id, order_id, attempt)
       where operator_id = ${o} and break_at_ms is not null and break_closed_at_ms is null
      union all
      select 'no-bill', channel || ':' || quota_date, 'no-bill', null, null,
             sum(amount_fen - voucher_fen), min(paid_at_ms), channel, null, null
        from payment_attempt where operator_id = ${o} and status = 'paid'
         and channel = any(${sql.param([...channelsWithoutBill])}::text[])
         and paid_at_ms > ${nowMs - noBillDays * 86_400_000}
         and quota_date < ${accountingDate(nowMs)}::date
       group by channel, quota_date`;

/** Somebody looks after it. Breaks have their own step for that (`take`). */
export async function takeOpenItem(
  db: Db,
  taken: {
    readonly operatorId: OperatorId;
    readonly source: Exclude<OpenItemSource, 'bill'>;
    readonly ref: string;
    readonly owner: PersonId;
    readonly note: string;
    readonly nowMs: number;
  },
): Promise<void> {
  await db.execute(sql`
    insert into open_item_owner (operator_id, source, ref, owner, note, taken_at_ms)
    values (${taken.operatorId}, ${taken.source}, ${taken.ref}, ${taken.owner}, ${taken.note},
      ${taken.nowMs})
    on conflict (operator_id, source, ref) do update set owner = excluded.owner,
      note = excluded.note, taken_at_ms = excluded.taken_at_ms`);
}
