import { sql } from 'drizzle-orm';
import type { Db } from '#cloud/platform/db.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { wholeLines, type OrderLines } from '#shared/goods/sale-lines.ts';
import type { SaleLine } from '#shared/wire/v1/entries.ts';

/** What was sold in an order; empty when it is an amount and nothing else, undefined when there is no such order. */
export async function linesOfOrder(
  db: Pick<Db, 'execute'>,
  order: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly orderId: string;
  },
): Promise<readonly SaleLine[] | undefined> {
  const { rows } = await db.execute<{ lines: OrderLines | null }>(sql`
    select folded->'lines' as lines from customer_order
     where operator_id = ${order.operatorId} and merchant_id = ${order.merchantId}
       and order_id = ${order.orderId}`);
  const [row] = rows;
  return row && wholeLines(row.lines ?? undefined);
}
