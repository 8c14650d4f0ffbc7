import { csvCell, csvFile, csvYuan } from '#cloud/reconciliation/csv.ts';
import type { OpenItem } from '#cloud/reconciliation/open-items.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

const header = '来源,编号,种类,说明,商户,订单,金额,发生日,等待小时,状态,负责人,处理入口';
const hourMs = 3_600_000;

/** What waits for people, as a CSV that spreadsheets open. Ages are whole hours. */
export const openItemCsv = (items: readonly OpenItem[], nowMs: number): string =>
  csvFile(
    header,
    items.map((one) => [
      one.source,
      csvCell(one.ref),
      csvCell(one.kind),
      csvCell(one.words),
      csvCell(one.merchantId ?? ''),
      csvCell(one.orderId ?? ''),
      csvYuan(one.amountFen),
      accountingDate(one.sinceMs),
      String(Math.floor(Math.max(0, nowMs - one.sinceMs) / hourMs)),
      csvCell(one.state),
      csvCell(one.owner ?? ''),
      csvCell(one.resolvedBy ?? ''),
    ]),
  );
