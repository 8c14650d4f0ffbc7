import { fen } from '#shared/money/fen.ts';
import { BillUnreadable, type BillRow } from '#cloud/channel/channel-bill.ts';
import {
  billColumns,
  billFen,
  billInstantMs,
  billTextLines,
} from '#cloud/payments/channels/wire/bill-text.ts';

const names = {
  time: '交易时间',
  account: '商户号',
  merchant: '特约商户号',
  channelRef: '微信订单号',
  outTradeNo: '商户订单号',
  state: '交易状态',
  outRefundNo: '商户退款单号',
  refundState: '退款状态',
  paid: '应结订单金额',
  back: '退款金额',
  fee: '手续费',
} as const;

/** First column of the line over the sums at the end. */
const totalsWord = '总交易单数';

type Columns = Readonly<Record<keyof typeof names, number>>;

/**
 * The lines of WeChat's trade bill (type ALL) as it lies on disk, uncompressed UTF-8: cells begin
 * with a backtick. Memory stays bounded. Throws {@link BillUnreadable} when a line cannot be read,
 * the sums at the end are missing, or they are not those of the lines: a bill counts only when it
 * was read to its end.
 */
export async function* wechatBillRows(path: string): AsyncIterable<BillRow> {
  let columns: Columns | undefined;
  const sums = { count: 0, paidFen: 0, backFen: 0, feeFen: 0 };
  let totals: 'none' | 'next' | 'seen' = 'none';
  for await (const line of billTextLines(path)) {
    if (line === '') continue;
    if (columns === undefined) {
      columns = billColumns(line.replace(/^\uFEFF/, '').split(','), names);
    } else if (line.startsWith(totalsWord)) {
      totals = 'next';
    } else if (totals === 'next') {
      checkTotals(cellsOf(line), sums);
      totals = 'seen';
    } else {
      if (totals === 'seen') throw new BillUnreadable('lines behind the sums');
      const cells = cellsOf(line);
      const row = rowOf(cells, columns);
      sums.count += 1;
      sums.paidFen += billFen(cells[columns.paid] ?? '');
      sums.backFen += billFen(cells[columns.back] ?? '');
      sums.feeFen += row.feeFen;
      yield row;
    }
  }
  if (totals !== 'seen') throw new BillUnreadable('the sums at the end are missing');
}

const cellsOf = (line: string): readonly string[] => {
  if (!line.startsWith('`')) throw new BillUnreadable('a line without a backtick');
  return line.slice(1).split(',`');
};

function rowOf(cells: readonly string[], columns: Columns): BillRow {
  const cell = (name: keyof Columns): string => {
    const value = cells[columns[name]];
    if (value === undefined) throw new BillUnreadable('a line with too few cells');
    return value;
  };
  const merchant = cell('merchant');
  const state = cell('state');
  const isBack = state === 'REFUND' || state === 'REVOKED';
  const hasMoved = cell('refundState') === 'SUCCESS';
  const kind = isBack
    ? hasMoved
      ? state === 'REVOKED'
        ? 'reversed'
        : 'refund'
      : 'closed'
    : state === 'SUCCESS'
      ? 'paid'
      : 'closed';
  return {
    kind,
    outTradeNo: cell('outTradeNo'),
    outRefundNo: isBack ? cell('outRefundNo') : undefined,
    channelRef: cell('channelRef'),
    // A direct merchant's lines name no other merchant than the account.
    channelMerchantNo: merchant === '0' || merchant === '' ? cell('account') : merchant,
    amountFen: fen(Math.abs(billFen(cell(isBack ? 'back' : 'paid')))),
    feeFen: billFen(cell('fee')),
    atMs: billInstantMs(cell('time')),
  };
}

function checkTotals(
  cells: readonly string[],
  sums: {
    readonly count: number;
    readonly paidFen: number;
    readonly backFen: number;
    readonly feeFen: number;
  },
): void {
  const [count, paid, back, , fee] = cells;
  const holds =
    Number(count) === sums.count &&
    billFen(paid ?? '') === sums.paidFen &&
    billFen(back ?? '') === sums.backFen &&
    billFen(fee ?? '') === sums.feeFen;
  if (!holds) throw new BillUnreadable('the sums at the end are not those of the lines');
}
