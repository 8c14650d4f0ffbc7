import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Order } from '#shared/order/order.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';
import { pointsEstimateFen } from '#terminal/agent/checkout/points-estimate.ts';
import { points, shanghaiText, yuan } from '#terminal/agent/printing/paper-words.ts';

/** What a receipt says. It never says more than is known: 收款成功 stands only where a channel said so. */
export interface ReceiptFacts {
  readonly merchantName: string;
  readonly storeName: string;
  readonly storePhone: string;
  readonly order: Order;
  /** When the order came to its present state, wall milliseconds. */
  readonly changedAtMs: number;
  /** Where the claim QR points. */
  readonly claimUrl: string;
  readonly synced: boolean;
  /** 1 is the original; above it the paper is marked 补打. */
  readonly copy: number;
}

const walletNames: Readonly<Record<Wallet, string>> = {
  wechat: '微信支付',
  alipay: '支付宝',
  unionpay: '云闪付',
};

export function receiptContent(facts: ReceiptFacts): readonly ReceiptCommand[] {
  const { order } = facts;
  return [
    { type: 'text', text: facts.merchantName, align: 'center', size: 'double', bold: true },
    ...optionalLine(facts.storeName === facts.merchantName ? '' : facts.storeName),
    ...(facts.copy > 1 ? [reprintMark(facts.copy)] : []),
    { type: 'text', text: stateWord(order), align: 'center', size: 'tall', bold: true },
    { type: 'rule', style: 'double' },
    row('应收', yuan(order.amountFen)),
    ...(order.voucherFen > 0
      ? [
          row('消费券', `-${yuan(order.voucherFen)}`),
          row('实收', yuan(order.amountFen - order.voucherFen)),
        ]
      : []),
    ...tenderRows(order),
    { type: 'rule', style: 'single' },
    row('单号', ''),
    { type: 'text', text: order.orderId },
    row('时间', shanghaiText(facts.changedAtMs)),
    row('收银员', order.cashier),
    ...(givesPoints(order) ? pointsPart(facts) : []),
    { type: 'rule', style: 'single' },
    ...optionalLine(uploadWord(facts)),
    ...optionalLine(facts.storePhone === '' ? '' : `电话 ${facts.storePhone}`),
    { type: 'cut' },
  ];
}

/** A sale that the channel confirmed went through the cloud: nothing of it waits. */
function uploadWord({ order, synced }: ReceiptFacts): string {
  if (order.state === 'paid') return '';
  return synced ? '已上传云端' : '待上传云端';
}

/** The words for where the money stands. */
export function stateWord(order: Order): string {
  switch (order.state) {
    case 'paid':
    case 'pos-paid':
      return '收款成功';
    case 'settled':
      return '已到账';
    case 'cash-recorded':
      return '已收现金';
    case 'offline-accepted':
    case 'debit-failed':
    case 'duplicate':
      return '离线记账（未到账）';
    case 'submitting':
    case 'unknown':
    case 'cancel-wanted':
    case 'pos-sent':
    case 'pos-unknown':
    case 'manual':
      return '结果待确认';
    case 'paid-then-refunded':
      return '已退款';
    case 'draft':
    case 'held':
    case 'failed':
    case 'reversed':
    case 'voided':
      return '未收款';
    default:
      return exhaustive(order.state);
  }
}

function tenderRows(order: Order): readonly ReceiptCommand[] {
  switch (order.tender?.type) {
    case 'wallet':
      return [row('支付方式', walletNames[order.tender.wallet])];
    case 'cash':
      return [
        row('现金', yuan(order.tender.tenderedFen)),
        row('找零', yuan(order.tender.changeFen)),
      ];
    case 'member-code':
      return [row('支付方式', '会员码')];
    case 'box-pos':
      return [row('支付方式', '刷卡盒子')];
    case undefined:
      return [];
  }
}

const givesPoints = (order: Order): boolean =>
  ['paid', 'settled', 'cash-recorded', 'offline-accepted'].includes(order.state);

function pointsPart(facts: ReceiptFacts): readonly ReceiptCommand[] {
  const estimate = row('预计积分', points(pointsEstimateFen(facts.order)));
  if (facts.order.memberId !== undefined) return [estimate];
  return [
    estimate,
    { type: 'text', text: '扫码领取本单积分', align: 'center' },
    { type: 'qr', text: facts.claimUrl },
  ];
}

const row = (name: string, value: string): ReceiptCommand => ({
  type: 'columns',
  columns: [
    { text: name, width: 10 },
    { text: value, width: 'rest', align: 'right' },
  ],
});

const optionalLine = (text: string): readonly ReceiptCommand[] =>
  text === '' ? [] : [{ type: 'text', text, align: 'center' }];

/** `copy` 2 is the first reprint. */
const reprintMark = (copy: number): ReceiptCommand => ({
  type: 'text',
  text: `补打 第${copy - 1}次`,
  align: 'center',
  size: 'double',
  bold: true,
});
