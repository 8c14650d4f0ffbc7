import { sql } from 'drizzle-orm';
import type { Statement, Tx } from '#cloud/platform/db.ts';
import { planned } from '#cloud/platform/planned.ts';
import type { SplitOrder } from '#cloud/settlement/settlement-lines.ts';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

/**
 * Writes down the vouchers of sales whose channel is told of none: their worth is in the shop's
 * payout of the day (subsidy-payouts.ts). Sales without vouchers are left out.
 */
export async function insertSaleParts(tx: Tx, sales: readonly SplitOrder[]): Promise<void> {
  const rows = sales
    .filter(({ split }) => split.subsidyFen > 0)
    .map(({ order, split }) => ({
      operator_id: order.operatorId,
      merchant_id: order.merchantId,
      order_id: order.orderId,
      refund_no: 0,
      amount_fen: split.subsidyFen,
      ledger_date: accountingDate(order.acceptedAtMs),
      is_before: false,
    }));
  if (rows.length > 0) await planned(tx, partsInsertion, [JSON.stringify(rows)]);
}

const partsInsertion: Statement = {
  name: 'subsidy-parts-insertion',
  text: `insert into subsidy_part
    select * from jsonb_populate_recordset(null::subsidy_part, $1::jsonb)`,
};

/** Takes a refund's vouchers, above 0, out of the payouts, if it was these that had the sale's. */
export async function insertRefundPart(
  tx: Tx,
  refund: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly orderId: OrderId;
    readonly refundNo: number;
    readonly amountFen: Fen;
    readonly nowMs: number;
  },
): Promise<void> {
  const { operatorId, merchantId, orderId, refundNo, amountFen, nowMs } = refund;
  await tx.execute(sql`
    insert into subsidy_part
    select operator_id, merchant_id, order_id, ${refundNo}::integer, ${-amountFen}::bigint,
           ${accountingDate(nowMs)}::date, null, is_before
      from subsidy_part where operator_id = ${operatorId} and merchant_id = ${merchantId}
       and order_id = ${orderId} and refund_no = 0`);
}
