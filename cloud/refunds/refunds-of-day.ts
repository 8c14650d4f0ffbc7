import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import type { RefundHow } from '#shared/order/order.ts';
import { refundTally } from '#shared/tally/refund-tally.ts';
import type { RefundTally } from '#shared/wire/v1/terminals.ts';
import type { Db } from '#cloud/platform/db.ts';

/** What a shop gave back on a business day: the money is gone, whether the books have it already or not. */
export async function refundsOfDay(
  db: Db,
  day: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly businessDate: string;
  },
): Promise<RefundTally> {
  const { rows } = await db.execute<{
    how: RefundHow;
    cash_fen: number;
    voucher_fen: number;
    count: number;
  }>(sql`
    select how, sum(cash_fen)::bigint as cash_fen, sum(voucher_fen)::bigint as voucher_fen,
           count(*) as count
      from order_refund
     where operator_id = ${day.operatorId} and merchant_id = ${day.merchantId}
       and business_date = ${day.businessDate}::date and status in ('booking', 'done')
     group by how`);
  return refundTally(
    rows.map(({ how, cash_fen: cashFen, voucher_fen: voucherFen, count }) => ({
      how,
      cashFen: fen(cashFen),
      voucherFen: fen(voucherFen),
      count,
    })),
  );
}
