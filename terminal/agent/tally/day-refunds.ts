import { fen } from '#shared/money/fen.ts';
import type { RefundHow } from '#shared/order/order.ts';
import { refundTally } from '#shared/tally/refund-tally.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import type { Today } from '#terminal/ipc/views.ts';

interface SumRow {
  readonly how: RefundHow;
  readonly isOpen: number;
  readonly count: number;
  readonly cashFen: number;
  readonly voucherFen: number;
}

/** What went back on a day, whenever it was sold, and what of it nobody knows yet. */
export function sumRefunds(read: ReadHandle, businessDate: string): Today['refunds'] {
  const rows = read.all<SumRow>(
    `SELECT r.value ->> '$.how' AS how, r.value ->> '$.state' IN ('asked', 'unknown') AS isOpen,
       count(*) AS count, sum(r.value ->> '$.cashFen') AS cashFen,
       sum(r.value ->> '$.voucherFen') AS voucherFen
     FROM orders, json_each(detail, '$.refunds') AS r
     WHERE instr(detail, '"refunds":') > 0 AND r.value ->> '$.businessDate' = $businessDate
       AND r.value ->> '$.state' <> 'failed'
     GROUP BY 1, 2
     UNION ALL
     SELECT how, 0, refund_count, cash_fen, voucher_fen FROM pruned_refunds
     WHERE business_date = $businessDate`,
    { businessDate },
  );
  const done = rows.filter(({ isOpen }) => isOpen === 0);
  const open = rows.filter(({ isOpen }) => isOpen === 1);
  return {
    ...refundTally(
      done.map((row) => ({ ...row, cashFen: fen(row.cashFen), voucherFen: fen(row.voucherFen) })),
    ),
    openFen: open.reduce((sum, row) => sum + row.cashFen, 0),
  };
}
