import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import type { Tx } from '#cloud/platform/db.ts';

/** Is this order booked as paid in a way that no channel of ours took: in cash, at a box POS, by a promise kept? */
export async function isPaidOtherwise(
  tx: Tx,
  order: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly orderId: OrderId;
  },
): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    select 1 from settlement_line where operator_id = ${order.operatorId}
       and merchant_id = ${order.merchantId} and order_id = ${order.orderId}
       and source <> 'channel'`);
  return rows.length > 0;
}
