import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import type { Order, OrderRefund, RefundHow } from '#shared/order/order.ts';
import { reprintMark, shanghaiText, yuan } from '#terminal/agent/printing/paper-words.ts';

/** Where the money went. A channel says when it arrives, not we: nothing here promises a day. */
const wayWords: Readonly<Record<RefundHow, string>> = {
  channel: '原路退回支付账户',
  cash: '现金',
  'box-slip': '刷卡盒子，以盒子小票为准',
  'own-account': '店主转账退回',
};

/** The paper of a refund that went through: what went back, by which way, of which sale. */
export function refundSlipContent(slip: {
  readonly merchantName: string;
  readonly storeName: string;
  readonly storePhone: string;
  readonly order: Order;
  readonly refund: OrderRefund;
  /** 1 is the original; above it the paper is marked 补打. */
  readonly copy: number;
  /** Both by the business clock. */
  readonly askedAtMs: number;
  readonly printedAtMs: number;
}): readonly ReceiptCommand[] {
  const { order, refund, copy } = slip;
  return [
    { type: 'text', text: slip.merchantName, align: 'center', size: 'double', bold: true },
    ...line(slip.storeName === slip.merchantName ? '' : slip.storeName),
    ...reprintMark(copy),
    { type: 'text', text: '退款凭证', align: 'center', size: 'tall', bold: true },
    { type: 'rule', style: 'double' },
    row('退款金额', yuan(refund.amountFen)),
    ...(refund.voucherFen > 0
      ? [row('退回现款', yuan(refund.cashFen)), row('退回消费券', yuan(refund.voucherFen))]
      : []),
    row('退款方式', ''),
    { type: 'text', text: wayWords[refund.how], align: 'right' },
    ...(refund.reason === '' ? [] : [row('退款原因', refund.reason)]),
    { type: 'rule', style: 'single' },
    row('原单金额', yuan(order.amountFen)),
    row('原单号', ''),
    { type: 'text', text: order.orderId },
    row('第几次退款', String(refund.refundNo)),
    row('退款时间', shanghaiText(slip.askedAtMs)),
    row('收银员', refund.cashier),
    { type: 'feed', lines: 1 },
    row('顾客签名', '________________'),
    { type: 'rule', style: 'single' },
    ...line(slip.storePhone === '' ? '' : `电话 ${slip.storePhone}`),
    row('打印时间', shanghaiText(slip.printedAtMs)),
    { type: 'cut' },
  ];
}

const row = (name: string, value: string): ReceiptCommand => ({
  type: 'columns',
  columns: [
    { text: name, width: 10 },
    { text: value, width: 'rest', align: 'right' },
  ],
});

const line = (text: string): readonly ReceiptCommand[] =>
  text === '' ? [] : [{ type: 'text', text, align: 'center' }];
