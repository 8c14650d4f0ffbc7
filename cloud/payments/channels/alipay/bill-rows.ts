import { fen } from '#shared/money/fen.ts';
import { BillUnreadable, type BillRow } from '#cloud/channel/channel-bill.ts';
import { alipayBillLines } from '#cloud/payments/channels/alipay/bill-file.ts';
import { billColumns, billFen, billInstantMs } from '#cloud/payments/channels/wire/bill-text.ts';

const names = {
  channelRef: '支付宝交易号',
  outTradeNo: '商户订单号',
  kind: '业务类型',
  finished: '完成时间',
  amount: '商家实收（元）',
  outRefundNo: '退款批次号/请求号',
  fee: '服务费（元）',
} as const;

type Columns = Readonly<Record<keyof typeof names, number>>;

const sumOfPaid = /^#交易合计：([0-9]+)笔，商家实收共(-?[0-9.]+)元/;
const sumOfBack = /^#退款合计：([0-9]+)笔，商家实收退款共(-?[0-9.]+)元/;

/**
 * The lines of Alipay's trade bill as it lies on disk (a zip of GBK files). Alipay writes what
 * leaves the merchant as negative, its fee too. Throws when the file is damaged, a line cannot be
 * read, or the sums under the lines are not theirs.
 */
export async function* alipayBillRows(path: string): AsyncIterable<BillRow> {
  let columns: Columns | undefined;
  const paid = { count: 0, fen: 0 };
  const back = { count: 0, fen: 0 };
  const checked = { paid: false, back: false };
  for await (const line of alipayBillLines(path)) {
    if (line === '') continue;
    if (line.startsWith('#')) {
      checked.paid ||= fits(sumOfPaid.exec(line), paid);
      checked.back ||= fits(sumOfBack.exec(line), back);
    } else if (columns === undefined) {
      columns = billColumns(line.split(','), names);
    } else {
      const row = rowOf(line.split('\t,'), columns);
      const side = row.outRefundNo === undefined ? paid : back;
      side.count += 1;
      side.fen += row.outRefundNo === undefined ? row.amountFen : -row.amountFen;
      yield row;
    }
  }
  if (!checked.paid || !checked.back) throw new BillUnreadable('the sums at the end are missing');
}

function fits(
  found: RegExpExecArray | null,
  sums: { readonly count: number; readonly fen: number },
): boolean {
  if (found === null) return false;
  if (Number(found[1]) !== sums.count || billFen(found[2] ?? '') !== sums.fen)
    throw new BillUnreadable('the sums at the end are not those of the lines');
  return true;
}

function rowOf(cells: readonly string[], columns: Columns): BillRow {
  const cell = (name: keyof Columns): string => {
    const value = cells[columns[name]];
    if (value === undefined) throw new BillUnreadable('a line with too few cells');
    return value.trim();
  };
  const word = cell('kind');
  const outRefundNo = cell('outRefundNo');
  const isBack = word === '退款';
  const outTradeNo = cell('outTradeNo');
  const fee = billFen(cell('fee'));
  return {
    kind: isBack
      ? outRefundNo === outTradeNo || outRefundNo === ''
        ? 'reversed'
        : 'refund'
      : word === '交易'
        ? 'paid'
        : 'closed',
    outTradeNo,
    outRefundNo: isBack ? outRefundNo || outTradeNo : undefined,
    channelRef: cell('channelRef'),
    channelMerchantNo: undefined,
    amountFen: fen(Math.abs(billFen(cell('amount')))),
    feeFen: fen(fee === 0 ? 0 : -fee),
    atMs: billInstantMs(cell('finished')),
  };
}
