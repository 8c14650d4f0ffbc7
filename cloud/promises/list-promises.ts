import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import type { OrderTender } from '#shared/order/order.ts';
import type { PromiseTally } from '#shared/wire/v1/terminals.ts';
import type { Db } from '#cloud/platform/db.ts';

interface Shop {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
}

export const promisesListedMax = 200;

export interface PromiseView {
  readonly orderId: string;
  readonly terminalId: string;
  readonly state: 'promised' | 'promise-kept' | 'promise-broken';
  readonly amountFen: number;
  readonly businessDate: string;
  readonly promisedAtMs: number;
  readonly promise: Extract<OrderTender, { type: 'promise' }>;
  /** Why the cloud calls it above the limits; undefined: it does not. */
  readonly flag: string | undefined;
}

interface Row extends Record<string, unknown> {
  order_id: string;
  terminal_id: string;
  state: PromiseView['state'];
  amount_fen: number;
  business_date: string;
  opened_at_ms: number;
  tender: PromiseView['promise'];
  flag: string | null;
}

/** A shop's promises, the open ones first, then newest first; at most {@link promisesListedMax}. */
export async function listPromises(
  db: Db,
  { operatorId, merchantId }: Shop,
): Promise<readonly PromiseView[]> {
  const { rows } = await db.execute<Row>(sql`
    select o.order_id, o.terminal_id, o.state, o.amount_fen - o.voucher_fen as amount_fen,
           o.business_date, (o.folded->>'openedAtMs')::bigint as opened_at_ms,
           o.folded->'tender' as tender, f.code as flag
      from customer_order o
      left join promise_flag f on f.operator_id = o.operator_id
       and f.merchant_id = o.merchant_id and f.order_id = o.order_id
     where o.operator_id = ${operatorId} and o.merchant_id = ${merchantId}
       and o.state in ('promised', 'promise-kept', 'promise-broken')
     order by o.state <> 'promised', o.order_id desc limit ${promisesListedMax}`);
  return rows.map((row) => ({
    orderId: row.order_id,
    terminalId: row.terminal_id,
    state: row.state,
    amountFen: row.amount_fen,
    businessDate: row.business_date,
    promisedAtMs: row.opened_at_ms,
    promise: row.tender,
    flag: row.flag ?? undefined,
  }));
}

/** What is owed of a business day and what promises brought on it: beside its four sums, as on the till. */
export async function promisesOfDay(
  db: Db,
  day: Shop & { readonly businessDate: string },
): Promise<PromiseTally> {
  const { operatorId, merchantId, businessDate } = day;
  const { rows } = await db.execute<{ word: string; count: number; sum_fen: number }>(sql`
    select folded->'tender'->>'kind' as word, count(*) as count,
           sum(amount_fen - voucher_fen)::bigint as sum_fen
      from customer_order
     where operator_id = ${operatorId} and merchant_id = ${merchantId} and state = 'promised'
       and business_date = ${businessDate}
     group by 1
    union all
    select channel, count(*), sum(net_fen)::bigint from settlement_line
     where operator_id = ${operatorId} and merchant_id = ${merchantId} and source = 'promise'
       and business_date = ${businessDate}::date
     group by 1`);
  const of = (words: readonly string[]) => rows.filter(({ word }) => words.includes(word));
  const sum = (found: typeof rows): number => found.reduce((total, row) => total + row.sum_fen, 0);
  const count = (found: typeof rows): number => found.reduce((total, row) => total + row.count, 0);
  const [open, kept] = [of(['iou', 'static-code']), of(keptChannels)];
  return {
    iouFen: sum(of(['iou'])),
    staticCodeFen: sum(of(['static-code'])),
    openCount: count(open),
    keptFen: sum(kept),
    keptCashFen: sum(of(['promise-cash'])),
    keptCount: count(kept),
  };
}

/** How a kept promise stands in the column `channel` of its settlement line. */
const keptChannels = ['promise-cash', 'promise-static-code-seen', 'promise-transfer'] as const;
