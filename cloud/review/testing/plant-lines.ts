import { sql } from 'drizzle-orm';
import type { Db } from '#cloud/platform/db.ts';
import { merchantOf, orderOf } from '#cloud/points/testing/points-fixtures.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/** Cash sales of 100.00 at shop 1 on 2026-03-02, a minute apart, each with so much of it paid by vouchers. */
export async function plantLines(
  db: Db,
  operatorId: OperatorId,
  { count, voucherFen = 0 }: { readonly count: number; readonly voucherFen?: number },
): Promise<void> {
  for (let index = 1; index <= count; index += 1)
    await db.execute(sql`
      insert into settlement_line (operator_id, merchant_id, order_id, terminal_id, source, channel,
        business_date, ledger_date, paid_at_ms, accepted_at_ms, amount_fen, voucher_fen, net_fen,
        concession_bp, concession_fen, same_day_fen, reserve_fen, subsidy_fen, due_at_ms, state)
      values (${operatorId}, ${merchantOf(1)}, ${orderOf(index)}, 'trm_1', 'cash', 'cash',
        '2026-03-02', '2026-03-02', 0, ${index * 60_000}, 10000, ${voucherFen},
        ${10_000 - voucherFen}, 2000, 0, 0, 0, ${voucherFen}, 0, 'held')`);
}
