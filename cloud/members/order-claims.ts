import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';

type ClaimedOrder = Pick<PaidOrder, 'operatorId' | 'merchantId' | 'orderId' | 'claimHash'>;

export interface OrderClaim {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  /** 店名, for the page that the customer sees. */
  readonly merchantName: string;
}

/**
 * Remembers which orders the claim tokens of receipts stand for; orders without one are passed over. It may be called
 * before an order is booked or after (an online charge is booked before the till's journal tells the token), and any
 * number of times: the first order of a token keeps it.
 */
export async function insertClaims(tx: Tx, orders: readonly ClaimedOrder[]): Promise<void> {
  const rows = orders.flatMap(({ operatorId, merchantId, orderId, claimHash }) =>
    claimHash === undefined
      ? []
      : [
          {
            operator_id: operatorId,
            claim_hash: claimHash,
            order_id: orderId,
            merchant_id: merchantId,
          },
        ],
  );
  if (rows.length === 0) return;
  await tx.execute(sql`
    INSERT INTO order_claim
    SELECT * FROM jsonb_populate_recordset(NULL::order_claim, ${JSON.stringify(rows)}::jsonb)
    ORDER BY operator_id, claim_hash
    ON CONFLICT DO NOTHING`);
}

/** The order that a claim token's hash stands for, or undefined when no receipt carries it. */
export async function findClaim(db: Db | Tx, claimHash: string): Promise<OrderClaim | undefined> {
  const { rows } = await db.execute(sql`
    SELECT c.operator_id, c.order_id, c.merchant_id, coalesce(m.name, '') AS name FROM order_claim c
    LEFT JOIN merchant m ON m.operator_id = c.operator_id AND m.merchant_id = c.merchant_id
    WHERE c.claim_hash = ${claimHash}`);
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    operatorId: row['operator_id'] as OperatorId,
    merchantId: row['merchant_id'] as MerchantId,
    orderId: row['order_id'] as OrderId,
    merchantName: String(row['name']),
  };
}
