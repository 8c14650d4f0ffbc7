import { BillUnreadable } from '#cloud/channel/channel-bill.ts';

/**
 * The columns of a line of the merchant's detail file (全渠道商户对账文件, ZM), in bytes, in their
 * order; one blank between two. Names and widths as public demos and gateways read them
 * (parseZMFile); later editions of the format cut further columns out of the last one.
 */
const columns = [
  ['tradeCode', 3], // 交易代码
  ['acquirer', 11], // 代理机构标识码
  ['sender', 11], // 发送机构标识码
  ['traceNo', 6], // 系统跟踪号
  ['traceTime', 10], // 交易传输时间, MMDDhhmmss
  ['account', 19], // 帐号
  ['txnAmt', 12], // 交易金额, fen
  ['merchantType', 4], // 商户类别
  ['terminalType', 2], // 终端类型
  ['queryId', 21], // 查询流水号
  ['payTypeOld', 2], // 支付方式（旧）
  ['orderId', 32], // 商户订单号
  ['cardType', 2], // 支付卡类型
  ['origTraceNo', 6], // 原始交易的系统跟踪号
  ['origTraceTime', 10], // 原始交易日期时间
  ['fee', 13], // 商户手续费, D or C and fen
  ['settleAmt', 13], // 结算金额, D or C and fen
  ['payType', 4], // 支付方式
  ['groupMerId', 15], // 集团商户代码
  ['txnType', 2], // 交易类型
  ['txnSubType', 2], // 交易子类
  ['bizType', 6], // 业务类型
  ['accType', 2], // 帐号类型
  ['billType', 4], // 账单类型
  ['billNo', 32], // 账单号码
  ['interaction', 1], // 交互方式
  ['origQryId', 21], // 原交易查询流水号
  ['merId', 15], // 商户代码
  ['shareMode', 1], // 分账入账方式
  ['shareMerId', 15], // 二级商户代码
  ['shareMerName', 32], // 二级商户简称, GBK
  ['shareAmt', 13], // 二级商户分账入账金额
  ['netAmt', 13], // 清算净额
  ['termId', 8], // 终端号
  ['reserved', 32], // 商户自定义域
  ['discountAmt', 13], // 优惠金额
  ['invoiceAmt', 13], // 发票金额
  ['instalmentFee', 12], // 分期付款附加手续费
  ['instalments', 2], // 分期付款期数
  ['medium', 1], // 交易介质
  ['origOrderId', 32], // 原始交易订单号
] as const;

export type BillColumn = (typeof columns)[number][0];

const places = new Map<BillColumn, readonly [from: number, to: number]>();
let end = -1;
for (const [name, width] of columns) {
  places.set(name, [end + 1, end + 1 + width]);
  end += 1 + width;
}
/** Bytes of a line up to the end of the last column that is read. */
export const billLineBytesMin = end;

/** What stands in a column, without the blanks around it. `line` has one character for each byte. */
export function cellOf(line: string, column: BillColumn): string {
  const [from, to] = places.get(column) ?? [0, 0];
  return line.slice(from, to).trim();
}

/** Throws {@link BillUnreadable} when the line is too short, or anything but a blank divides two columns. */
export function checkColumns(line: string): void {
  if (line.length < billLineBytesMin) throw new BillUnreadable('a line with too few columns');
  for (const [from] of places.values())
    if (from > 0 && line[from - 1] !== ' ') throw new BillUnreadable('a line out of its columns');
}
