import type { PackedRaster, ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import { lineFen, wholeLines } from '#shared/goods/sale-lines.ts';
import { outTradeNo } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { formatYuan } from '#shared/money/format-yuan.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Order, OrderTender } from '#shared/order/order.ts';
import { refundedFenOf, refundMark } from '#shared/order/refunds.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';
import { pointsEstimateFen } from '#terminal/agent/checkout/points-estimate.ts';
import {
  points,
  reprintMark,
  shanghaiText,
  tierWord,
  yuan,
} from '#terminal/agent/printing/paper-words.ts';
import type { ReceiptTemplate, TemplateLine } from '#terminal/ipc/receipt-template.ts';

/** What a receipt says. It never says more than is known: 收款成功 stands only where a channel said so. */
export interface ReceiptFacts {
  readonly merchantName: string;
  readonly storeName: string;
  readonly storePhone: string;
  readonly order: Order;
  /** When the order came to its present state, by the business clock. */
  readonly changedAtMs: number;
  /** Where the claim QR points. */
  readonly claimUrl: string;
  readonly synced: boolean;
  /** 1 is the original; above it the paper is marked 补打. */
  readonly copy: number;
  /** The template's logo, made to fit the paper that is really in the printer. */
  readonly logo?: PackedRaster;
}

const walletNames: Readonly<Record<Wallet, string>> = {
  wechat: '微信支付',
  alipay: '支付宝',
  unionpay: '云闪付',
};

/**
 * A receipt as the shop's template wants it. The amount, what was really paid, where the money stands, the mark of a
 * copy and the time stand on every one of them, and every receipt says whose it is.
 */
export function receiptFrom(
  template: ReceiptTemplate,
  facts: ReceiptFacts,
): readonly ReceiptCommand[] {
  const { order } = facts;
  const { blocks } = template;
  return [
    ...(facts.logo ? [{ type: 'logo', raster: facts.logo } as const] : []),
    ...(blocks.shop || !isNamed(template, facts) ? shopPart(facts) : []),
    ...template.header.map(shopLine),
    ...reprintMark(facts.copy),
    { type: 'text', text: stateWord(order), align: 'center', size: 'tall', bold: true },
    { type: 'rule', style: 'double' },
    ...goodsPart(order),
    ...amountPart(facts, blocks.voucher),
    ...(blocks.tender ? tenderRows(order) : []),
    { type: 'rule', style: 'single' },
    ...(blocks.orderNumber
      ? [row('单号', order.orderId.slice(-orderTailChars)), longNumber(order.orderId)]
      : []),
    ...(blocks.channelNumber ? channelRows(order) : []),
    ...(blocks.boxNumber ? boxRows(order) : []),
    row('时间', shanghaiText(facts.changedAtMs)),
    ...(blocks.cashier ? [row('收银员', order.cashier)] : []),
    ...memberRows(order),
    ...(givesPoints(order) ? pointsPart(facts, blocks) : []),
    ...(blocks.barcode ? [barcodeOf(order)] : []),
    ...signaturePart(order),
    { type: 'rule', style: 'single' },
    ...optionalLine(uploadWord(facts)),
    ...optionalLine(blocks.phone && facts.storePhone !== '' ? `电话 ${facts.storePhone}` : ''),
    ...template.footer.map(shopLine),
    { type: 'cut' },
  ];
}

/** Does something of the shop's own say whose receipt this is? */
const isNamed = ({ header }: ReceiptTemplate, { logo }: ReceiptFacts): boolean =>
  logo !== undefined || header.some(({ text }) => text.trim() !== '');

const shopPart = ({ merchantName, storeName }: ReceiptFacts): readonly ReceiptCommand[] => [
  { type: 'text', text: merchantName, align: 'center', size: 'double', bold: true },
  ...optionalLine(storeName === merchantName ? '' : storeName),
];

const shopLine = ({ text, align, size, bold }: TemplateLine): ReceiptCommand => ({
  type: 'text',
  text,
  align,
  size,
  bold,
});

/** What was sold, when it is known: the name over the whole paper, below it pieces and price, and what they come to. */
function goodsPart({ lines }: Order): readonly ReceiptCommand[] {
  const sold = wholeLines(lines);
  if (sold.length === 0) return [];
  return [
    ...sold.flatMap((line): readonly ReceiptCommand[] => {
      const sum = formatYuan(lineFen(line));
      if (line.name === undefined) return [row('手输金额', sum)];
      const pieces = `${line.quantity}${line.unit ?? ''} x ${formatYuan(fen(line.priceFen))}`;
      return [
        { type: 'text', text: line.name },
        {
          type: 'columns',
          columns: [
            { text: `  ${pieces}`, width: piecesColumns },
            { text: sum, width: 'rest', align: 'right' },
          ],
        },
      ];
    }),
    { type: 'rule', style: 'single' },
  ];
}

/** Holds two spaces, 999, a unit of two signs, and the highest price. */
const piecesColumns = 21;

/** What was really paid stands whenever it is not the price, also when the row of the vouchers is left out. */
const amountPart = ({ order }: ReceiptFacts, showsVoucher: boolean): readonly ReceiptCommand[] => [
  ...(order.couponFen === undefined
    ? []
    : [
        row('原价', yuan(order.amountFen + order.couponFen)),
        row('优惠券', `-${yuan(order.couponFen)}`),
      ]),
  row('应收', yuan(order.amountFen)),
  ...(order.voucherFen > 0 && showsVoucher ? [row('消费券', `-${yuan(order.voucherFen)}`)] : []),
  ...(order.voucherFen > 0 ? [row('实收', yuan(order.amountFen - order.voucherFen))] : []),
  ...(refundedFenOf(order) > 0 ? [row('已退款', yuan(refundedFenOf(order)))] : []),
];

/** What the screen calls the order; the whole number stands below it, for the search and for the customer's claim. */
const orderTailChars = 4;
const longNumber = (text: string): ReceiptCommand => ({ type: 'text', text, small: true });

const channelRows = ({ orderId, tender, attempt }: Order): readonly ReceiptCommand[] =>
  tender?.type === 'wallet' && attempt > 0
    ? [row('商户单号', ''), longNumber(outTradeNo(orderId, attempt))]
    : [];

const boxRows = ({ tender }: Order): readonly ReceiptCommand[] =>
  tender?.type === 'box-pos' && tender.boxRef !== undefined ? [row('盒子单号', tender.boxRef)] : [];

/** The end of the number finds the order in the search, and its bars fit 58 mm paper; the whole would fit no paper. */
const barcodeOf = ({ orderId }: Order): ReceiptCommand => ({
  type: 'barcode',
  symbology: 'code128',
  text: orderId.slice(-barcodeChars),
  heightDots: 64,
});

const barcodeChars = 12;

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
    case 'promised':
      return isIou(order) ? '赊账（未收款）' : '店码收款待核对';
    case 'promise-kept':
      return isIou(order) ? '赊账已收回' : '店码收款已核对';
    case 'promise-broken':
      return isIou(order) ? '赊账未收回' : '店码未收到';
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
      return [row('支付方式', boxWords(order.tender.method))];
    case 'promise':
      return promiseRows(order.tender);
    case undefined:
      return [];
  }
}

const isIou = ({ tender }: Order): boolean => tender?.type === 'promise' && tender.kind === 'iou';

const keptWords = { cash: '现金', 'static-code-seen': '看到到账', transfer: '转账' } as const;

function promiseRows({
  kind,
  who,
  approvedBy,
  kept,
}: Extract<OrderTender, { type: 'promise' }>): readonly ReceiptCommand[] {
  const isOwed = kind === 'iou';
  return [
    row('记账方式', isOwed ? '赊账' : '店码'),
    ...(who === '' ? [] : [row(isOwed ? '赊账人' : '支付单尾号', who)]),
    row('同意人', approvedBy),
    ...(kept ? [row('收回方式', keptWords[kept.how]), row('收回日期', kept.businessDate)] : []),
  ];
}

/** Who owes puts his name to it, for as long as he does. */
const signaturePart = (order: Order): readonly ReceiptCommand[] =>
  order.state === 'promised' && isIou(order)
    ? [{ type: 'feed', lines: 1 }, row('赊账人签名', '________________')]
    : [];

/** How the customer paid at the box, when it has said so. */
const boxMethods = { scan: '扫码', show: '出示码', card: '刷卡', other: '' } as const;
const boxWords = (method: keyof typeof boxMethods | undefined): string => {
  const word = boxMethods[method ?? 'other'];
  return word === '' ? '刷卡盒子' : `刷卡盒子 ${word}`;
};

/** Whose sale it is, when the cloud named him: his code, or his wallet alone. Never more than the masked number. */
const memberRows = ({ namedMember: member }: Order): readonly ReceiptCommand[] =>
  member === undefined ? [] : [row('会员', `${member.mask} ${tierWord(member.tier)}`)];

/** A sale that went back as a whole gives none. */
const givesPoints = (order: Order): boolean =>
  refundMark(order) !== 'wholly' &&
  ['paid', 'settled', 'pos-paid', 'cash-recorded', 'offline-accepted', 'promise-kept'].includes(
    order.state,
  );

function pointsPart(
  facts: ReceiptFacts,
  shows: ReceiptTemplate['blocks'],
): readonly ReceiptCommand[] {
  const estimate = shows.points ? [row('预计积分', points(pointsEstimateFen(facts.order)))] : [];
  const isSomebodys = facts.order.memberId !== undefined || facts.order.namedMember !== undefined;
  // A sale that is somebody's already has nothing to claim.
  if (isSomebodys || !shows.claimQr) return estimate;
  return [
    ...estimate,
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
