/** A row of a settlement statement, as it is read. Amounts in fen; `at_ms`, `row_kind`, `row_key` are its place. */
export interface StatementRow extends Record<string, unknown> {
  readonly at_ms: number;
  readonly row_kind: string;
  readonly row_key: string;
}

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
  ['退款(分)', 'refund_fen'],
  ['预计手续费(分)', 'expected_fee_fen'],
  ['账单手续费(分)', 'bill_fee_fen'],
  ['离线未到账(分)', 'lost_fen'],
  ['承担方', 'loss_bearer'],
  ['指令', 'instructions'],
  ['券补贴付款(分)', 'payout_fen'],
] as const;

/** What is summed up in the last row. */
export const sumColumns: readonly string[] = columns
  .map(([, column]) => column)
  .filter((column) => column.endsWith('_fen'));

const words: Readonly<Record<string, string>> = {
  subsidy: '券补贴',
  'same-day': '当日货款',
  concession: '让利',
  release: '保留款解冻',
  'split-return': '分账回退',
  'subsidy-cancel': '补贴取消',
  'subsidy-return': '补贴退回',
  ready: '待发',
  open: '处理中',
  done: '完成',
  failed: '失败',
  cancelled: '取消',
};

const inChinese = (text: string): string =>
  text.replaceAll(/[a-z][a-z-]*/g, (word) => (Object.hasOwn(words, word) ? words[word]! : word));

/** UTF-8 with a byte order mark, so that a spreadsheet shows the Chinese heads; CRLF line ends (RFC 4180). */
export const statementHead = (): string => `\uFEFF${statementLine(columns.map(([head]) => head))}`;

export const statementCells = (row: Readonly<Record<string, unknown>>): readonly unknown[] =>
  columns.map(([, column]) => {
    const value = row[column];
    if (column === 'instructions') return typeof value === 'string' ? inChinese(value) : '';
    return column.endsWith('_fen') ? Number(value) : value;
  });

export const statementTotal = (sums: ReadonlyMap<string, number>): string =>
  statementLine(
    columns.map(([, column], index) => (index === 0 ? '合计' : (sums.get(column) ?? ''))),
  );

export const statementLine = (cells: readonly unknown[]): string =>
  `${cells.map(cell).join(',')}\r\n`;

/** Quotes what needs quotes, and disarms what a spreadsheet would run as a formula. */
function cell(value: unknown): string {
  if (typeof value === 'number') return String(value);
  const text = String(value);
  const safe = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
