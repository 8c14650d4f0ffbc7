import { createHash } from 'node:crypto';
import { fen } from '#shared/money/fen.ts';
import { formatYuan } from '#shared/money/format-yuan.ts';
import type { BillLine } from '#cloud/channel-simulator/books/bill-lines.ts';
import { shanghaiTimeOf } from '#cloud/channel-simulator/shanghai-time.ts';

const columns =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
const totals =
  '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';

/** The trade bill of type ALL: a BOM, a line of columns, lines whose cells begin with a backtick, and the totals. */
export function wechatBill(
  lines: readonly BillLine[],
  who: { readonly appid: string; readonly caller: string },
): Buffer {
  const rows = lines.map((line) => row(cellsOf(line, who)));
  const sum = (pick: (line: BillLine) => number): string =>
    yuan(lines.reduce((total, line) => total + pick(line), 0));
  const paid = sum((line) => (line.type === 'payment' ? line.amountFen : 0));
  const back = sum((line) => (line.type === 'refund' ? line.amountFen : 0));
  const fee = sum((line) => line.feeFen);
  const foot = row([String(lines.length), paid, back, '0.00', fee, paid, back]);
  return Buffer.from(`\uFEFF${[columns, ...rows, totals, foot, ''].join('\r\n')}`);
}

/** SHA-1 of the uncompressed file, hex. */
export const billDigest = (bill: Buffer): string => createHash('sha1').update(bill).digest('hex');

function cellsOf(
  line: BillLine,
  { appid, caller }: { readonly appid: string; readonly caller: string },
): readonly string[] {
  const { refund } = line;
  const isPartner = line.merchantNo !== caller;
  const paid = refund === undefined ? yuan(line.amountFen) : '0.00';
  const back = refund === undefined ? '0.00' : yuan(line.amountFen);
  return [
    shanghaiTimeOf(line.atMs),
    appid,
    caller,
    isPartner ? line.merchantNo : '0',
    '',
    line.transactionId,
    line.outTradeNo,
    'oSandboxPayer',
    'MICROPAY',
    refund?.isReversal === true ? 'REVOKED' : line.state,
    'OTHERS',
    'CNY',
    paid,
    '0.00',
    refund === undefined ? '0' : `50${line.transactionId.slice(2)}`,
    refund?.outRefundNo ?? '0',
    back,
    '0.00',
    refund === undefined ? '' : 'ORIGINAL',
    refund === undefined ? '' : 'SUCCESS',
    '门店消费',
    '',
    yuan(line.feeFen),
    '0.60%',
    paid,
    back,
    '',
  ];
}

const row = (cells: readonly string[]): string => cells.map((cell) => `\`${cell}`).join(',');

const yuan = (amountFen: number): string => formatYuan(fen(amountFen)).replaceAll(',', '');
