import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import { shanghaiText, yuan } from '#terminal/agent/printing/paper-words.ts';
import type { Today } from '#terminal/ipc/views.ts';

/** The paper at the end of a day: four sums that add up, and the journal's fingerprint of that moment. */
export function daySlipContent(day: {
  readonly merchantName: string;
  readonly today: Today;
  readonly printedAtMs: number;
}): readonly ReceiptCommand[] {
  const { today } = day;
  return [
    { type: 'text', text: day.merchantName, align: 'center', size: 'double', bold: true },
    { type: 'text', text: `日结单 ${today.businessDate}`, align: 'center', size: 'tall' },
    { type: 'rule', style: 'double' },
    row('已到账', yuan(today.settledFen)),
    ...(today.settledVoucherFen > 0 ? [row('其中券抵', yuan(today.settledVoucherFen))] : []),
    row('现金', yuan(today.cashFen)),
    row('离线记账', yuan(today.offlineFen)),
    row('待确认', yuan(today.pendingFen)),
    { type: 'rule', style: 'single' },
    row('营业额', yuan(today.turnoverFen)),
    row('笔数', String(today.orderCount)),
    row('未上传', String(today.unsentCount)),
    row('无销售开箱', `${today.noSaleCount}次`),
    ...(today.couponCount > 0
      ? [row(`优惠券${today.couponCount}张`, `-${yuan(today.couponFen)}`)]
      : []),
    ...refundPart(today.refunds),
    ...promisePart(today.promises),
    { type: 'rule', style: 'single' },
    row('打印时间', shanghaiText(day.printedAtMs)),
    row('账本尾号', today.chainHead),
    { type: 'cut' },
  ];
}

/** Beside the turnover, which stays what was sold: what went back today, whenever it was sold. */
function refundPart(refunds: Today['refunds']): readonly ReceiptCommand[] {
  const rows = [
    ...(refunds.channelFen > 0 ? [row('退回账户', yuan(refunds.channelFen))] : []),
    ...(refunds.cashFen > 0 ? [row('退现金', yuan(refunds.cashFen))] : []),
    ...(refunds.boxSlipFen > 0 ? [row('盒子退款', yuan(refunds.boxSlipFen))] : []),
    ...((refunds.ownAccountFen ?? 0) > 0
      ? [row('店主转账退回', yuan(refunds.ownAccountFen ?? 0))]
      : []),
    ...(refunds.voucherFen > 0 ? [row('退回券', yuan(refunds.voucherFen))] : []),
    ...(refunds.openFen > 0 ? [row('退款待确认', yuan(refunds.openFen))] : []),
  ];
  return rows.length === 0 ? [] : [{ type: 'rule', style: 'single' }, ...rows];
}

/** Beside the turnover, never in it: what is owed of today, and what came back today. */
function promisePart(promises: Today['promises']): readonly ReceiptCommand[] {
  const rows = [
    ...(promises.iouFen > 0 ? [row('赊账未收', yuan(promises.iouFen))] : []),
    ...(promises.staticCodeFen > 0 ? [row('店码待核', yuan(promises.staticCodeFen))] : []),
    ...(promises.keptFen > 0 ? [row('收回旧账', yuan(promises.keptFen))] : []),
    ...(promises.keptCashFen > 0 ? [row('其中现金', yuan(promises.keptCashFen))] : []),
  ];
  return rows.length === 0 ? [] : [{ type: 'rule', style: 'single' }, ...rows];
}

/** A paper that shows whether characters, width and cutter work. */
export const testContent = (printedAtMs: number): readonly ReceiptCommand[] => [
  { type: 'text', text: '打印测试', align: 'center', size: 'double' },
  { type: 'text', text: '汉字 ABC 0123456789 ￥12.34', align: 'center' },
  row('时间', shanghaiText(printedAtMs)),
  { type: 'cut' },
];

const row = (name: string, value: string): ReceiptCommand => ({
  type: 'columns',
  columns: [
    { text: name, width: 10 },
    { text: value, width: 'rest', align: 'right' },
  ],
});
