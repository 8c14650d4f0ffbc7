import { shanghaiHour } from '#shared/time/business-day.ts';
import type { CloudTally } from '#shared/wire/v1/terminals.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import { idsOfDay } from '#terminal/agent/journal/order-rows.ts';
import { sumNoSales } from '#terminal/agent/tally/day-no-sales.ts';
import { sumPromises } from '#terminal/agent/tally/day-promises.ts';
import { sumRefunds } from '#terminal/agent/tally/day-refunds.ts';
import type { Today } from '#terminal/ipc/views.ts';

/** One day from the journal's projection: four sums that add up to turnover, by hour and by tender. */
export type DaySums = Omit<Today, 'tomorrow' | 'chainHead' | 'unsentCount'>;

interface SumRow {
  readonly bucket: 'settled' | 'cash' | 'offline' | 'pending';
  readonly tender: string | null;
  readonly hourStartMs: number;
  readonly count: number;
  readonly sumFen: number;
  readonly voucherFen: number;
  readonly couponFen: number;
  readonly couponCount: number;
}

export function sumDay(read: ReadHandle, businessDate: string): DaySums {
  const rows = read.all<SumRow>(
    `SELECT bucket,
       coalesce(json_extract(detail, '$.tender.wallet'), json_extract(detail, '$.tender.type')) AS tender,
       opened_at_ms / 3600000 * 3600000 AS hourStartMs, count(*) AS count, sum(amount_fen) AS sumFen,
       sum(voucher_fen) AS voucherFen, sum(coalesce(json_extract(detail, '$.couponFen'), 0)) AS couponFen,
       count(json_extract(detail, '$.couponFen')) AS couponCount
     FROM orders WHERE order_id BETWEEN $firstId AND $lastId
       AND business_date = $businessDate AND bucket IS NOT NULL
     GROUP BY 1, 2, 3
     UNION ALL
     SELECT bucket, tender, hour_start_ms, order_count, sum_fen, voucher_fen, coupon_fen, coupon_count
     FROM pruned_sums WHERE business_date = $businessDate`,
    { businessDate, ...idsOfDay(businessDate) },
  );
  const sum = (bucket: SumRow['bucket']): number =>
    total(rows.filter((row) => row.bucket === bucket));
  const [settledFen, cashFen] = [sum('settled'), sum('cash')];
  const [offlineFen, pendingFen] = [sum('offline'), sum('pending')];
  return {
    businessDate,
    settledFen,
    settledVoucherFen: rows
      .filter(({ bucket }) => bucket === 'settled')
      .reduce((sumFen, row) => sumFen + row.voucherFen, 0),
    cashFen,
    offlineFen,
    pendingFen,
    turnoverFen: settledFen + cashFen + offlineFen + pendingFen,
    orderCount: rows.reduce((count, row) => count + row.count, 0),
    takenCount: rows
      .filter(({ bucket }) => bucket === 'settled' || bucket === 'cash')
      .reduce((count, row) => count + row.count, 0),
    couponFen: rows.reduce((sumFen, row) => sumFen + row.couponFen, 0),
    couponCount: rows.reduce((count, row) => count + row.couponCount, 0),
    byHour: byHour(rows),
    byTender: byTender(rows),
    promises: sumPromises(read, businessDate),
    refunds: sumRefunds(read, businessDate),
    ...sumNoSales(read, businessDate),
  };
}

/** What the cloud says comes tomorrow; null while it cannot be reached. */
export const tomorrowOf = (tally: CloudTally | undefined): Today['tomorrow'] =>
  tally
    ? {
        sameDayFen: tally.sameDayFen,
        subsidyFen: tally.subsidyFen,
        reserveFen: tally.reserveFen,
        reserveDueDate: tally.reserveDueDate,
        concessionFen: tally.concessionFen,
        cloudTurnoverFen: tally.settledFen + tally.cashFen + tally.offlineFen + tally.pendingFen,
      }
    : null;

const total = (rows: readonly SumRow[]): number => rows.reduce((sum, row) => sum + row.sumFen, 0);

function byHour(rows: readonly SumRow[]): Today['byHour'] {
  const hours = new Map<number, SumRow[]>();
  for (const row of rows) {
    const hour = shanghaiHour(row.hourStartMs);
    hours.set(hour, [...(hours.get(hour) ?? []), row]);
  }
  return [...hours]
    .toSorted(([a], [b]) => a - b)
    .map(([hour, part]) => ({
      hour,
      scanFen: total(part.filter((row) => row.bucket !== 'cash')),
      cashFen: total(part.filter((row) => row.bucket === 'cash')),
    }));
}

function byTender(rows: readonly SumRow[]): Today['byTender'] {
  const tenders = new Map<string, SumRow[]>();
  for (const row of rows) {
    const tender = row.tender ?? 'unknown';
    tenders.set(tender, [...(tenders.get(tender) ?? []), row]);
  }
  return [...tenders].map(([tender, part]) => ({
    tender,
    count: part.reduce((count, row) => count + row.count, 0),
    amountFen: total(part),
  }));
}
