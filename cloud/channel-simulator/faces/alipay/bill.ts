import type { BillLine } from '#cloud/channel-simulator/books/bill-lines.ts';
import { yuan } from '#cloud/channel-simulator/faces/alipay/words.ts';
import { gbkOf } from '#cloud/channel-simulator/gbk.ts';
import { shanghaiTimeOf } from '#cloud/channel-simulator/shanghai-time.ts';
import { zipOf } from '#cloud/channel-simulator/zip.ts';

const columns =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注';
const totalColumns =
  '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）';
const rule = '-'.repeat(40);

interface About {
  readonly merchantNo: string;
  readonly date: string;
  readonly nowMs: number;
}

/** The trade bill of a day: a zip of two CSV files in GBK, the lines and their sums. What goes out is negative. */
export function alipayBill(lines: readonly BillLine[], about: About): Buffer {
  const stem = `${about.merchantNo}0156_${about.date.replaceAll('-', '')}_业务明细`;
  return zipOf([
    { name: gbkOf(`${stem}.csv`), content: gbkOf(detailOf(lines, about)) },
    { name: gbkOf(`${stem}(汇总).csv`), content: gbkOf(totalsOf(lines, about)) },
  ]);
}

function headOf(title: string, about: About): readonly string[] {
  const day = about.date.replace('-', '年').replace('-', '月');
  return [
    `#支付宝${title}`,
    `#账号：[${about.merchantNo}0156]`,
    `#起始日期：[${day}日 00:00:00]   终止日期：[${day}日 24:00:00]`,
  ];
}

function detailOf(lines: readonly BillLine[], about: About): string {
  const { paid, back } = sumsOf(lines);
  return [
    ...headOf('业务明细查询', about),
    `#${rule}业务明细列表${rule}`,
    columns,
    ...lines.map((line) => row(cellsOf(line))),
    `#${rule}业务明细列表结束${rule}`,
    `#交易合计：${paid.count}笔，商家实收共${yuan(paid.fen)}元，商家优惠共0.00元`,
    `#退款合计：${back.count}笔，商家实收退款共${yuan(-back.fen)}元，商家优惠退款共0.00元`,
    `#导出时间：[${shanghaiTimeOf(about.nowMs)}]`,
    '',
  ].join('\r\n');
}

function totalsOf(lines: readonly BillLine[], about: About): string {
  const { paid, back, feeFen } = sumsOf(lines);
  const counts = ['合计', '', String(paid.count), String(back.count)];
  const net = yuan(paid.fen - back.fen);
  const fee = yuan(-feeFen);
  const left = yuan(paid.fen - back.fen - feeFen);
  return [
    ...headOf('业务汇总查询', about),
    `#${rule}业务汇总列表${rule}`,
    totalColumns,
    row([...counts, net, net, '0.00', '0.00', '0.00', fee, '0.00', left]),
    `#${rule}业务汇总列表结束${rule}`,
    '',
  ].join('\r\n');
}

function sumsOf(lines: readonly BillLine[]) {
  const of = (type: BillLine['type']) => {
    const some = lines.filter((line) => line.type === type);
    return { count: some.length, fen: some.reduce((total, line) => total + line.amountFen, 0) };
  };
  const feeFen = lines.reduce((total, line) => total + line.feeFen, 0);
  return { paid: of('payment'), back: of('refund'), feeFen };
}

function cellsOf(line: BillLine): readonly string[] {
  const { refund } = line;
  const time = shanghaiTimeOf(line.atMs);
  const amount = yuan(refund === undefined ? line.amountFen : -line.amountFen);
  return [
    line.transactionId,
    line.outTradeNo,
    wordOf(line),
    '门店消费',
    time,
    time,
    '',
    '',
    '',
    '',
    '沙箱买家(159****5620)',
    amount,
    amount,
    '0.00',
    '0.00',
    '0.00',
    '0.00',
    '0.00',
    '',
    '0.00',
    '0.00',
    refund?.outRefundNo ?? '',
    yuan(-line.feeFen),
    '0.00',
    refund === undefined ? '' : '退款',
  ];
}

/** The bill has no column for a state; a payment that is shown as closed has another kind. */
const wordOf = (line: BillLine): string => {
  if (line.refund !== undefined) return '退款';
  return line.state === 'SUCCESS' ? '交易' : '交易关闭';
};

/** Every text cell of Alipay's files ends in a tab, so that spreadsheets keep long numbers as text. */
const row = (cells: readonly string[]): string => cells.map((cell) => `${cell}\t`).join(',');
