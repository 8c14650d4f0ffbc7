import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';

export interface SettlementStatement {
  /** UTF-8 with a byte order mark, so that a spreadsheet shows the Chinese heads; CRLF line ends (RFC 4180). */
  readonly csv: string;
  /** Of the UTF-8 bytes of `csv`, hex. */
  readonly sha256: string;
  readonly rowCount: number;
}

/** One merchant's lines of one ledger date; a longer day is refused rather than cut. */
export const statementRowsMax = 100_000;

/** Columns in their order: Chinese head, and the value in the file. Amounts in fen, so that no sum is rounded. */
const columns = [
  ['订单号', 'order_id'],
  ['营业日', 'business_date'],
  ['入账日', 'ledger_date'],
  ['终端', 'terminal_id'],
  ['方式', 'channel'],
  ['商品金额(分)', 'amount_fen'],
  ['券抵扣(分)', 'voucher_fen'],
  ['实付(分)', 'net_fen'],
  ['让利(分)', 'concession_fen'],
  ['当日货款(分)', 'same_day_fen'],
  ['结算保留款(分)', 'reserve_fen'],
  ['券补贴(分)', 'subsidy_fen'],
  ['离线未到账(分)', 'lost_fen'],
  ['承担方', 'loss_bearer'],
] as const;

/**
 * The settlement file of one merchant and ledger date: one row per order, one per offline sale whose money never came
 * (who bears it; what the platform paid of it is due the same day), and a last row of sums. The lines of a past
 * date never change, so neither does the file nor its hash. Undefined when there are more than
 * {@link statementRowsMax} rows.
 */
export async function settlementStatement(
  db: Db | Tx,
  day: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly ledgerDate: string;
  },
): Promise<SettlementStatement | undefined> {
  const { rows } = await db.execute(sql`
    SELECT order_id, business_date::text AS business_date, ledger_date::text AS ledger_date,
      terminal_id, channel, amount_fen, voucher_fen, net_fen, concession_fen, same_day_fen,
      reserve_fen, subsidy_fen, 0 AS lost_fen, '' AS loss_bearer, accepted_at_ms
    FROM settlement_line
    WHERE operator_id = ${day.operatorId} AND merchant_id = ${day.merchantId}
      AND ledger_date = ${day.ledgerDate}::date
    UNION ALL
    SELECT order_id, business_date::text, ${day.ledgerDate}, terminal_id, 'offline-loss', 0, 0, 0, 0,
      covered_fen, 0, 0, amount_fen,
      CASE bearer_party WHEN 'member' THEN '会员' WHEN 'platform' THEN '平台' ELSE '商户' END,
      settled_at_ms
    FROM offline_settlement
    WHERE operator_id = ${day.operatorId} AND merchant_id = ${day.merchantId}
      AND bearer_party IS NOT NULL
      AND (to_timestamp(settled_at_ms / 1000.0) AT TIME ZONE 'Asia/Shanghai')::date
        = ${day.ledgerDate}::date
    ORDER BY accepted_at_ms, order_id LIMIT ${statementRowsMax + 1}`);
  return rows.length > statementRowsMax ? undefined : toStatement(rows);
}

/** The file of the rows given, in their order. */
export function toStatement(
  rows: readonly Readonly<Record<string, unknown>>[],
): SettlementStatement {
  const total = columns.map(([, column], index) => {
    if (index === 0) return '合计';
    return isSum(column) ? rows.reduce((sum, row) => sum + Number(row[column]), 0) : '';
  });
  const lines = [
    columns.map(([head]) => head),
    ...rows.map((row) => columns.map(([, column]) => row[column])),
    total,
  ];
  const csv = `\uFEFF${lines.map((line) => `${line.map(cell).join(',')}\r\n`).join('')}`;
  const sha256 = createHash('sha256').update(csv, 'utf8').digest('hex');
  return { csv, sha256, rowCount: rows.length };
}

const isSum = (column: string): boolean => column.endsWith('_fen');

/** Quotes what needs quotes, and disarms what a spreadsheet would run as a formula. */
function cell(value: unknown): string {
  if (typeof value === 'number') return String(value);
  const text = String(value);
  const safe = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
