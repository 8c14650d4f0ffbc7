import { sql, type SQL } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { holdMs } from '#cloud/settlement/settlement-split.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { addDays } from '#shared/time/calendar-day.ts';

/** One merchant's settlement of one day. All in fen. */
export interface SettlementDay {
  readonly merchantId: MerchantId;
  /** YYYY-MM-DD */
  readonly date: string;
  readonly orderCount: number;
  /** Gross of all sales, cash included. */
  readonly turnoverFen: Fen;
  /** Net of cash sales: the merchant has it already. */
  readonly cashFen: Fen;
  /** Net of box sales: the merchant's own acquirer pays it. */
  readonly boxFen: Fen;
  /** Net of promises that were kept: the merchant has it already. */
  readonly promiseFen: Fen;
  /** Net that channels took. */
  readonly channelFen: Fen;
  /** 货款 of the same day. */
  readonly sameDayFen: Fen;
  /** 结算保留款, the concession included. */
  readonly reserveFen: Fen;
  /** Day on which the hold of the day's last order ends. */
  readonly reserveDueDate: string;
  /** 券补贴, paid in cash the same day. */
  readonly subsidyFen: Fen;
  /** 让利 of all sales. */
  readonly concessionFen: Fen;
  /** Of it, what the merchant still owes for cash and box sales and kept promises. */
  readonly concessionOwedFen: Fen;
}

const holdDays = holdMs / 86_400_000;

const sums: SQL = sql`
  count(*) AS order_count,
  coalesce(sum(amount_fen), 0) AS turnover_fen,
  coalesce(sum(net_fen) FILTER (WHERE source = 'cash'), 0) AS cash_fen,
  coalesce(sum(net_fen) FILTER (WHERE source = 'box'), 0) AS box_fen,
  coalesce(sum(net_fen) FILTER (WHERE source = 'promise'), 0) AS promise_fen,
  coalesce(sum(net_fen) FILTER (WHERE source = 'channel'), 0) AS channel_fen,
  coalesce(sum(same_day_fen), 0) AS same_day_fen,
  coalesce(sum(reserve_fen), 0) AS reserve_fen,
  coalesce(sum(subsidy_fen), 0) AS subsidy_fen,
  coalesce(sum(concession_fen), 0) AS concession_fen,
  coalesce(sum(concession_fen - collected_fen) FILTER (WHERE source <> 'channel'), 0) AS owed_fen,
  max(ledger_date)::text AS last_ledger_date`;

/**
 * What a shop's business day brings: the figures behind the till's line 今日应到. Goes by the shop's day of the sale,
 * so a sale that was synced late counts on its own day. A day without sales is all zeros.
 */
export async function settlementForDay(
  db: Db | Tx,
  day: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly businessDate: string;
  },
): Promise<SettlementDay> {
  const { rows } = await db.execute(sql`
    SELECT ${sums} FROM settlement_line
    WHERE operator_id = ${day.operatorId} AND merchant_id = ${day.merchantId}
      AND business_date = ${day.businessDate}::date`);
  return toDay(rows[0] ?? {}, { merchantId: day.merchantId, date: day.businessDate });
}

export const merchantsPerPageMax = 500;

/**
 * The settlements of one ledger date, merchant by merchant: the day on which the cloud accepted the orders, so that
 * a closed day never changes. At most {@link merchantsPerPageMax} merchants, ordered by id, after `after`.
 */
export async function settlementsOfDate(
  db: Db | Tx,
  query: {
    readonly operatorId: OperatorId;
    readonly ledgerDate: string;
    readonly after?: string | undefined;
  },
): Promise<readonly SettlementDay[]> {
  const { rows } = await db.execute(sql`
    SELECT merchant_id, ${sums} FROM settlement_line
    WHERE operator_id = ${query.operatorId} AND ledger_date = ${query.ledgerDate}::date
      AND merchant_id > ${query.after ?? ''}
    GROUP BY merchant_id ORDER BY merchant_id LIMIT ${merchantsPerPageMax}`);
  return rows.map((row) =>
    toDay(row, { merchantId: row['merchant_id'] as MerchantId, date: query.ledgerDate }),
  );
}

function toDay(
  row: Readonly<Record<string, unknown>>,
  key: { readonly merchantId: MerchantId; readonly date: string },
): SettlementDay {
  const amount = (column: string): Fen => fen(Number(row[column] ?? 0));
  const lastDay = typeof row['last_ledger_date'] === 'string' ? row['last_ledger_date'] : key.date;
  return {
    ...key,
    orderCount: Number(row['order_count'] ?? 0),
    turnoverFen: amount('turnover_fen'),
    cashFen: amount('cash_fen'),
    boxFen: amount('box_fen'),
    promiseFen: amount('promise_fen'),
    channelFen: amount('channel_fen'),
    sameDayFen: amount('same_day_fen'),
    reserveFen: amount('reserve_fen'),
    reserveDueDate: addDays(lastDay, holdDays),
    subsidyFen: amount('subsidy_fen'),
    concessionFen: amount('concession_fen'),
    concessionOwedFen: amount('owed_fen'),
  };
}
