import { sql, type SQL } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { holdMs } from '#cloud/settlement/settlement-split.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { addDays, dayStartMs } from '#shared/time/calendar-day.ts';

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
  /** 货款 of the same day, less what refunds of that day took back of it; below 0 when they were of earlier days. */
  readonly sameDayFen: Fen;
  /** 结算保留款, the concession included, less refunds. */
  readonly reserveFen: Fen;
  /** Day on which the hold of the day's last order ends. */
  readonly reserveDueDate: string;
  /** 券补贴, paid in cash the same day, less what refunds gave back to wallets. */
  readonly subsidyFen: Fen;
  /** Of it, what neither a channel was told of nor a payout has in its sum yet (instructions/subsidy-payouts.ts). */
  readonly subsidyUntoldFen: Fen;
  /** 让利 of all sales, less refunds inside the hold. */
  readonly concessionFen: Fen;
  /** Of it, what the merchant still owes for cash and box sales and kept promises. */
  readonly concessionOwedFen: Fen;
  /** Gross of the refunds that were booked that day, whenever their sale was. */
  readonly refundFen: Fen;
  readonly refundCount: number;
}

const holdDays = holdMs / 86_400_000;

/** A sale's or a refund's part of the vouchers, while nobody is told to pay it; the sign is that of the part. */
const untold = (row: SQL, refundNo: SQL): SQL => sql`
    coalesce((SELECT p.amount_fen FROM subsidy_part p WHERE p.operator_id = ${row}.operator_id
      AND p.merchant_id = ${row}.merchant_id AND p.order_id = ${row}.order_id
      AND p.refund_no = ${refundNo} AND p.day IS NULL), 0)`;

/**
 * Sales of a day, and refunds that were booked on it whenever their sale was, as they change what
 * the merchant gets: the same signs as in the statement's rows, so that every sum here is one there
 * and the ledger's. `date` names the column of both tables that says which day is meant.
 */
const rowsOf = (day: {
  readonly operatorId: OperatorId;
  readonly date: SQL;
  readonly is: string;
}): SQL => sql`
  SELECT merchant_id, source, amount_fen, net_fen, same_day_fen, reserve_fen, subsidy_fen, concession_fen,
    CASE WHEN source <> 'channel' THEN concession_fen - returned_concession_fen - collected_fen ELSE 0 END
      AS owed_fen,
    0 AS refund_fen, ledger_date, ${untold(sql`l`, sql`0`)} AS untold_fen
  FROM settlement_line l
  WHERE operator_id = ${day.operatorId} AND ${day.date} = ${day.is}::date
  UNION ALL
  SELECT merchant_id, NULL, 0, 0,
    CASE WHEN how <> 'channel' THEN collected_fen WHEN in_hold THEN -same_day_fen ELSE -cash_fen END,
    -reserve_fen, -voucher_fen, -concession_fen, 0, amount_fen, NULL,
    ${untold(sql`r`, sql`r.refund_no`)} FROM order_refund r
  WHERE operator_id = ${day.operatorId} AND status = 'done' AND ${day.date} = ${day.is}::date
  UNION ALL
  -- Kept beside a sale that stands (payments/paid-twice): the merchant's, on the day on which people said so.
  SELECT merchant_id, 'kept', 0, 0, amount_fen, 0, 0, 0, 0, 0, NULL, 0 FROM paid_twice
  WHERE operator_id = ${day.operatorId} AND ended_as = 'paid'
    AND ended_at_ms >= ${dayStartMs(day.is)} AND ended_at_ms < ${dayStartMs(addDays(day.is, 1))}`;

const sums: SQL = sql`
  count(source) FILTER (WHERE source <> 'kept') AS order_count,
  coalesce(sum(amount_fen), 0) AS turnover_fen,
  coalesce(sum(net_fen) FILTER (WHERE source = 'cash'), 0) AS cash_fen,
  coalesce(sum(net_fen) FILTER (WHERE source = 'box'), 0) AS box_fen,
  coalesce(sum(net_fen) FILTER (WHERE source = 'promise'), 0) AS promise_fen,
  coalesce(sum(net_fen) FILTER (WHERE source = 'channel'), 0) AS channel_fen,
  coalesce(sum(same_day_fen), 0) AS same_day_fen,
  coalesce(sum(reserve_fen), 0) AS reserve_fen,
  coalesce(sum(subsidy_fen), 0) AS subsidy_fen,
  coalesce(sum(untold_fen), 0) AS untold_fen,
  coalesce(sum(concession_fen), 0) AS concession_fen,
  coalesce(sum(owed_fen), 0) AS owed_fen,
  count(*) FILTER (WHERE source IS NULL) AS refund_count,
  coalesce(sum(refund_fen), 0) AS refund_fen,
  max(ledger_date)::text AS last_ledger_date`;

/**
 * What a shop's business day brings: the figures behind the till's line 今日应到. Goes by the
 * shop's day of the sale, so a sale that was synced late counts on its own day, and by the shop's
 * day of the refund. A day without either is all zeros.
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
    SELECT ${sums} FROM (${rowsOf({
      operatorId: day.operatorId,
      date: sql`business_date`,
      is: day.businessDate,
    })}) r WHERE merchant_id = ${day.merchantId}`);
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
    SELECT merchant_id, ${sums} FROM (${rowsOf({
      operatorId: query.operatorId,
      date: sql`ledger_date`,
      is: query.ledgerDate,
    })}) r WHERE merchant_id > ${query.after ?? ''}
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
    subsidyUntoldFen: amount('untold_fen'),
    concessionFen: amount('concession_fen'),
    concessionOwedFen: amount('owed_fen'),
    refundFen: amount('refund_fen'),
    refundCount: Number(row['refund_count'] ?? 0),
  };
}
