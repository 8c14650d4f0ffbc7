import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import { noSalesShownMax, type Today } from '#terminal/ipc/views.ts';

interface Row {
  readonly atMs: number;
  readonly cashier: string;
  readonly reason: string;
  readonly approvedBy: string | null;
}

/** How often the drawer was opened without a sale on a business day; by whom and why, the latest first. */
export function sumNoSales(
  read: ReadHandle,
  businessDate: string,
): Pick<Today, 'noSaleCount' | 'noSales'> {
  const rows = read.all<Row>(
    `SELECT at_ms AS atMs, cashier, reason, approved_by AS approvedBy FROM no_sales
     WHERE business_date = $businessDate ORDER BY at_ms DESC, job_id DESC LIMIT ${noSalesShownMax}`,
    { businessDate },
  );
  const counted = read.one<{ count: number }>(
    'SELECT count(*) AS count FROM no_sales WHERE business_date = $businessDate',
    { businessDate },
  );
  return {
    noSaleCount: counted?.count ?? 0,
    noSales: rows.map(({ approvedBy, ...row }) => ({ ...row, isApproved: approvedBy !== null })),
  };
}
