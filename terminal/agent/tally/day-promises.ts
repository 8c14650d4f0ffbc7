import type { PromiseTally } from '#shared/wire/v1/terminals.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import { idsOfDay } from '#terminal/agent/journal/order-rows.ts';

interface SumRow {
  readonly word: string;
  readonly count: number;
  readonly sumFen: number;
}

/** 赊账 and static codes of a day: what was promised on it and is still open, and what was kept on it. No turnover. */
export function sumPromises(read: ReadHandle, businessDate: string): PromiseTally {
  const open = read.all<SumRow>(
    `SELECT json_extract(detail, '$.tender.kind') AS word, count(*) AS count,
       sum(amount_fen - voucher_fen) AS sumFen
     FROM orders WHERE state = 'promised' AND order_id BETWEEN $firstId AND $lastId
       AND business_date = $businessDate
     GROUP BY 1`,
    { businessDate, ...idsOfDay(businessDate) },
  );
  const kept = read.all<SumRow>(
    `SELECT json_extract(detail, '$.tender.kept.how') AS word, count(*) AS count,
       sum(amount_fen - voucher_fen) AS sumFen
     FROM orders WHERE state = 'promise-kept'
       AND json_extract(detail, '$.tender.kept.businessDate') = $businessDate
     GROUP BY 1
     UNION ALL
     SELECT how, order_count, sum_fen FROM pruned_promises WHERE business_date = $businessDate`,
    { businessDate },
  );
  return {
    iouFen: sum(open, 'iou'),
    staticCodeFen: sum(open, 'static-code'),
    openCount: count(open),
    keptFen: sum(kept),
    keptCashFen: sum(kept, 'cash'),
    keptCount: count(kept),
  };
}

const sum = (rows: readonly SumRow[], word?: string): number =>
  rows
    .filter((row) => word === undefined || row.word === word)
    .reduce((total, row) => total + row.sumFen, 0);

const count = (rows: readonly SumRow[]): number =>
  rows.reduce((total, row) => total + row.count, 0);
