import type { BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';
import type { FaceTerms } from '#cloud/channel-simulator/books/channel-books.ts';
import type { FaceHouse } from '#cloud/channel-simulator/face.ts';
import { orderOfQuery, queryIdOf } from '#cloud/channel-simulator/faces/unionpay/query-id.ts';
import type { Words } from '#cloud/channel-simulator/faces/unionpay/seal.ts';
import type { Delivery } from '#cloud/channel-simulator/payment-scripts.ts';
import { shanghaiTimeOf } from '#cloud/channel-simulator/shanghai-time.ts';

export interface Transacted {
  readonly words: Words;
  readonly delivery?: Delivery;
  readonly notice?: {
    readonly url: string;
    readonly words: Words;
    readonly times: number;
    readonly afterMs?: number;
  };
}

type Handler = (words: Words, nowMs: number) => Transacted;

const [orderPattern, amountPattern, qrPattern] = [
  /^[0-9A-Za-z]{8,32}$/,
  /^[1-9][0-9]{0,11}$/,
  /^62[0-9]{17}$/,
];
const terms: FaceTerms = { face: 'unionpay', reverseNotBeforeMs: 0, reverseWindowMs: 86_400_000 };
/** Numbers whose time is remembered; the oldest is forgotten and then taken at its word. */
const timesMax = 100_000;

/** respCode for the neutral words of the books. A word that is not here is "state unclear, ask". */
const respCodes: Readonly<Record<string, string>> = {
  AUTH_CODE_EXPIRED: '61',
  AUTH_CODE_INVALID: '61',
  FREQUENCY_LIMITED: '37',
  NOT_ENOUGH: '64',
  NO_AUTH: '32',
  ORDER_CLOSED: '35',
  ORDER_PAID: '12',
  OUT_TRADE_NO_USED: '12',
  SUCCESS: '00',
  TRADE_ERROR: '01',
  USERPAYING: '00',
};
const respCodeOf = (word: string): string => respCodes[word] ?? '04';

/**
 * UnionPay's transactions on the shared books: charges, voids and refunds as refunds of the order,
 * reversals, queries.
 */
export function createTransactions(
  house: FaceHouse,
  announce: (done: Transacted) => void,
): {
  readonly transact: Handler;
  readonly query: Handler;
} {
  const times = new Map<string, { readonly txnTime: string; readonly backUrl: string }>();
  const remember = (words: Words): void => {
    const { merId = '', orderId = '', txnTime = '', backUrl = '' } = words;
    const key = `${merId}/${orderId}`;
    if (!times.has(key)) times.set(key, { txnTime, backUrl });
    for (const old of [...times.keys()].slice(0, -timesMax)) times.delete(old);
  };
  const kinds: Readonly<Record<string, Handler>> = {
    '01/06': (words, nowMs) => consume(house, words, nowMs),
    '31/00': (words, nowMs) => giveBack(house, words, nowMs, 'void'),
    '99/01': (words, nowMs) =>
      reverse(house, words, {
        nowMs,
        announce,
        charged: { ...times.get(`${words['merId'] ?? ''}/${words['orderId'] ?? ''}`) },
      }),
    '04/00': (words, nowMs) => giveBack(house, words, nowMs, 'refund'),
  };
  return {
    transact: (words, nowMs) => {
      const { txnType = '', txnSubType = '', orderId = '', txnAmt = '' } = words;
      const isWhole = orderPattern.test(orderId) && amountPattern.test(txnAmt);
      const handle = kinds[`${txnType}/${txnSubType}`];
      if (handle === undefined || !isWhole || words['currencyCode'] !== '156')
        return { words: { respCode: '10' } };
      remember(words);
      return handle(words, nowMs);
    },
    query: (words, nowMs) => {
      const { merId = '', orderId = '', txnTime = '' } = words;
      const known = times.get(`${merId}/${orderId}`);
      const isOther = known !== undefined && known.txnTime !== txnTime;
      if (isOther) return { words: { respCode: '34' } };
      return look(house, words, { nowMs, backUrl: known?.backUrl });
    },
  };
}

function consume(house: FaceHouse, words: Words, nowMs: number): Transacted {
  const { merId: merchantNo = '', orderId: outTradeNo = '', qrNo = '', termId = '' } = words;
  if (termId.length !== 8) return { words: { respCode: '13' } };
  if (!qrPattern.test(qrNo)) return { words: { respCode: '61' } };
  const asked = {
    face: 'unionpay' as const,
    merchantNo,
    outTradeNo,
    amountFen: Number(words['txnAmt']),
    authCode: qrNo,
    description: 'qr',
    terminalNo: termId,
  };
  const replied = house.books.pay(asked, nowMs, terms);
  const order = house.books.shelf.find(asked);
  const { delivery } = replied;
  const isPaid = order?.state === 'SUCCESS';
  const { notices = 0, noticeAfterMs: afterMs = 0 } = replied;
  const notice = isPaid ? noticeOf(order, words, { times: notices, afterMs }) : undefined;
  return {
    words: {
      respCode: respCodeOf(replied.answer.code),
      queryId: order === undefined ? '' : queryIdOf(order.transactionId),
    },
    delivery,
    ...(notice === undefined ? {} : { notice }),
  };
}

/** Voids give everything back, refunds a part; both name the payment by its queryId. */
function giveBack(
  house: FaceHouse,
  words: Words,
  nowMs: number,
  kind: 'void' | 'refund',
): Transacted {
  const { merId: merchantNo = '', orderId: outRefundNo = '', origQryId = '' } = words;
  const order = orderOfQuery(house.books, origQryId);
  const amountFen = Number(words['txnAmt']);
  if (order?.merchantNo !== merchantNo) return { words: { respCode: '35' } };
  if (kind === 'void' && amountFen !== order.amountFen) return { words: { respCode: '36' } };
  const wasThere = house.books.findRefund({ merchantNo, outRefundNo }) !== undefined;
  if (wasThere) return { words: { respCode: '12' } };
  const asked = { merchantNo, outTradeNo: order.outTradeNo, outRefundNo, amountFen };
  const { code } = house.books.refund(asked, nowMs).answer;
  if (code !== 'SUCCESS') return { words: { respCode: '36' } };
  const notice = backNoticeOf(order, words, nowMs);
  return { words: { respCode: '00' }, ...(notice === undefined ? {} : { notice }) };
}

/** A reversal names the charge by its own number and time; one that never came is closed for when it does. */
function reverse(
  house: FaceHouse,
  words: Words,
  {
    nowMs,
    charged,
    announce,
  }: {
    readonly nowMs: number;
    /** The charge's own time and address, where it came. */
    readonly charged: Words;
    readonly announce: (done: Transacted) => void;
  },
): Transacted {
  const { merId: merchantNo = '', orderId: outTradeNo = '' } = words;
  const named = { merchantNo, outTradeNo };
  const { code } = house.books.reverse(named, nowMs, terms).answer;
  house.awaitPayer(named, (paid) => {
    const { txnTime = '', backUrl = '' } = charged;
    const notice = noticeOf(paid, { txnTime, backUrl }, { times: 1 });
    if (notice !== undefined) announce({ words: {}, notice });
  });
  return { words: { respCode: code === 'SUCCESS' ? '00' : '04' } };
}

function look(
  house: FaceHouse,
  words: Words,
  moment: { readonly nowMs: number; readonly backUrl: string | undefined },
): Transacted {
  const { merId: merchantNo = '', orderId = '' } = words;
  const { books } = house;
  const refund = books.findRefund({ merchantNo, outRefundNo: orderId });
  if (refund !== undefined)
    return {
      words: {
        respCode: '00',
        origRespCode: '00',
        queryId: `${queryIdOf(refund.order.transactionId).slice(0, -2)}99`,
        txnAmt: String(refund.refund.amountFen),
        currencyCode: '156',
        traceTime: traceTimeOf(refund.refund.atMs),
      },
    };
  const named = { merchantNo, outTradeNo: orderId };
  const wasPaid = books.shelf.find(named)?.paidAtMs !== undefined;
  books.query(named, moment.nowMs);
  const order = books.shelf.find(named);
  // What never got as far as its payer does not exist at UnionPay.
  if (order === undefined || order.state === 'NOTPAY') return { words: { respCode: '34' } };
  const { backUrl = '' } = moment;
  const notice = wasPaid ? undefined : noticeOf(order, { ...words, backUrl }, { times: 1 });
  return {
    words: { respCode: '00', ...stateWords(order) },
    ...(notice === undefined ? {} : { notice }),
  };
}

/** A payment stays "done" for UnionPay when its money went back; reversed ones are in no state to be used. */
function stateWords(order: BookedOrder): Words {
  const isReversed =
    order.state === 'CLOSED' || Object.values(order.refunds).some((one) => one.isReversal);
  if (isReversed) return { origRespCode: '35' };
  const { paidAtMs } = order;
  const about = { txnAmt: String(order.amountFen), currencyCode: '156' };
  if (paidAtMs === undefined)
    return { ...about, origRespCode: order.state === 'PAYERROR' ? '01' : '05' };
  return {
    ...about,
    origRespCode: '00',
    queryId: queryIdOf(order.transactionId),
    traceTime: traceTimeOf(paidAtMs),
    accNo: accountOf(order),
  };
}

/** MMDDhhmmss in Shanghai. */
const traceTimeOf = (atMs: number): string =>
  shanghaiTimeOf(atMs)
    .replaceAll(/[^0-9]/g, '')
    .slice(4);

const noticeAt = (words: Words): string | undefined => {
  const { backUrl = '' } = words;
  return backUrl.startsWith('http') ? backUrl : undefined;
};

function noticeOf(
  order: BookedOrder,
  words: Words,
  how: { readonly times: number; readonly afterMs?: number },
): Transacted['notice'] {
  const url = noticeAt(words);
  if (order.paidAtMs === undefined || how.times === 0 || url === undefined) return undefined;
  return {
    url,
    ...how,
    words: {
      txnType: '01',
      txnSubType: '06',
      merId: order.merchantNo,
      orderId: order.outTradeNo,
      txnTime: words['txnTime'] ?? '',
      txnAmt: String(order.amountFen),
      currencyCode: '156',
      queryId: queryIdOf(order.transactionId),
      traceTime: traceTimeOf(order.paidAtMs),
      accNo: accountOf(order),
      respCode: '00',
      respMsg: '成功[0000000]',
    },
  };
}

/** Of a void or a refund: a transaction of its own. */
function backNoticeOf(order: BookedOrder, words: Words, nowMs: number): Transacted['notice'] {
  const url = noticeAt(words);
  if (url === undefined) return undefined;
  const { txnType = '', txnSubType = '', orderId = '', txnTime = '', txnAmt = '' } = words;
  return {
    url,
    times: 1,
    words: {
      txnType,
      txnSubType,
      merId: order.merchantNo,
      orderId,
      txnTime,
      txnAmt,
      currencyCode: '156',
      queryId: backIdOf(order),
      traceTime: traceTimeOf(nowMs),
      respCode: '00',
      respMsg: '成功[0000000]',
    },
  };
}

/** Refunds and voids bear numbers of their own. */
const backIdOf = (order: BookedOrder): string =>
  `${queryIdOf(order.transactionId).slice(0, -2)}${String(98 - Object.keys(order.refunds).length).padStart(2, '0')}`;

/** The payer's account as merchants see it: without its middle. */
const accountOf = (order: BookedOrder): string =>
  `622848******${(order.payerId ?? order.transactionId).slice(-4)}`;
