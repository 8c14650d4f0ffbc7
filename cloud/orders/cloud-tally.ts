import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { tallyBucket } from '#shared/order/order-machine.ts';
import type { OrderStateName, TallyBucket } from '#shared/order/order.ts';
import type { CloudTally } from '#shared/wire/v1/terminals.ts';
import type { SaleSource } from '#cloud/orders/paid-order.ts';
import type { Db } from '#cloud/platform/db.ts';
import { promisesOfDay } from '#cloud/promises/list-promises.ts';
import { refundsOfDay } from '#cloud/refunds/refunds-of-day.ts';
import { settlementForDay } from '#cloud/settlement/settlement-day.ts';

interface Row extends Record<string, unknown> {
  source: SaleSource | null;
  state: OrderStateName | null;
  sum_fen: number;
  order_count: number;
}

/**
 * The cloud's own sums of a shop's business day, gross as on the till. What is booked (a settlement line) counts by
 * where the money is; what is only in a journal counts by the state of its order. So a charge that the till calls
 * paid and the cloud cannot confirm shows up as 待确认 here, and the difference is seen.
 */
export async function cloudTally(
  db: Db,
  day: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly businessDate: string;
  },
): Promise<CloudTally> {
  const { operatorId, merchantId, businessDate } = day;
  const { rows } = await db.execute<Row>(sql`
    select l.source, o.state, sum(coalesce(l.amount_fen, o.amount_fen)) as sum_fen,
           count(*) as order_count
      from (select * from settlement_line where operator_id = ${operatorId}
             and merchant_id = ${merchantId} and business_date = ${businessDate}::date) l
      full join (select * from customer_order where operator_id = ${operatorId}
             and merchant_id = ${merchantId} and business_date = ${businessDate}) o
        on o.order_id = l.order_id
     group by l.source, o.state`);
  const sums: Record<TallyBucket, number> = { settled: 0, cash: 0, offline: 0, pending: 0 };
  let orderCount = 0;
  for (const row of rows) {
    const bucket = bucketOf(row);
    if (bucket === undefined) continue;
    sums[bucket] += row.sum_fen;
    orderCount += row.order_count;
  }
  const settlement = await settlementForDay(db, day);
  return {
    businessDate,
    settledFen: sums.settled,
    cashFen: sums.cash,
    offlineFen: sums.offline,
    pendingFen: sums.pending,
    orderCount,
    sameDayFen: settlement.sameDayFen,
    reserveFen: settlement.reserveFen,
    reserveDueDate: settlement.reserveDueDate,
    subsidyFen: settlement.subsidyFen,
    concessionFen: settlement.concessionFen,
    promises: await promisesOfDay(db, day),
    refunds: await refundsOfDay(db, day),
  };
}

function bucketOf({ source, state }: Row): TallyBucket | undefined {
  if (source === 'cash') return 'cash';
  if (source === 'channel' || source === 'box') return 'settled';
  // Collected promises stand beside the four sums.
  if (source === 'promise') return undefined;
  if (state === null) return undefined;
  const bucket = tallyBucket(state);
  // Without a settlement line nothing has arrived, whatever the journal says.
  return bucket === 'settled' || bucket === 'cash' ? 'pending' : bucket;
}
