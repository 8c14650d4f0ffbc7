import { fen } from '#shared/money/fen.ts';
import { formatYuan } from '#shared/money/format-yuan.ts';
import { refundedFen, type BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';
import type { Said } from '#cloud/channel-simulator/line.ts';
import type { Delivery } from '#cloud/channel-simulator/payment-scripts.ts';
import { shanghaiTimeOf } from '#cloud/channel-simulator/shanghai-time.ts';

export type Spoken = Said & { readonly delivery?: Delivery };

/** The node of an answer; the seal puts it into its envelope. Alipay's gateway answers everything with 200. */
const node = (value: object, delivery: Delivery = 'prompt'): Spoken => ({
  status: 200,
  body: JSON.stringify(value),
  delivery,
});

export const said = (value: object, delivery?: Delivery): Spoken =>
  node({ code: '10000', msg: 'Success', ...value }, delivery);

export const waiting = (value: object, delivery?: Delivery): Spoken =>
  node({ code: '10003', msg: 'order success pay inprocess', ...value }, delivery);

/** Alipay's code and sub_code for the neutral words of the books. A word that is not here is an unknown error. */
const refusals: Readonly<Record<string, readonly [string, string]>> = {
  ACCOUNT_ERROR: ['40004', 'PAYEE_NOT_EXIST'],
  APP_UNKNOWN: ['40002', 'isv.invalid-app-id'],
  AUTH_CODE_EXPIRED: ['40004', 'ACQ.PAYMENT_AUTH_CODE_INVALID'],
  AUTH_CODE_INVALID: ['40004', 'ACQ.PAYMENT_AUTH_CODE_INVALID'],
  BILL_NOT_EXIST: ['40004', 'isp.bill_not_exist'],
  CANCEL_EXPIRED: ['40004', 'ACQ.TRADE_CANCEL_TIME_OUT'],
  ENDED: ['40004', 'ACQ.ALLOC_AMOUNT_VALIDATE_ERROR'],
  FREQUENCY_LIMITED: ['40005', 'isv.app-call-limited'],
  METHOD_UNKNOWN: ['40002', 'isv.invalid-method'],
  NOT_ENOUGH: ['40004', 'ACQ.BUYER_BALANCE_NOT_ENOUGH'],
  NOT_FROZEN: ['40004', 'ACQ.ALLOC_AMOUNT_VALIDATE_ERROR'],
  NO_AUTH: ['40004', 'ACQ.ACCESS_FORBIDDEN'],
  NO_RELATION: ['40004', 'ACQ.ROYALTY_RECEIVER_INVALID'],
  NUMBER_USED: ['40004', 'ACQ.DISCORDANT_REPEAT_REQUEST'],
  ORDER_CLOSED: ['40004', 'ACQ.TRADE_HAS_CLOSE'],
  ORDER_NOT_FOUND: ['40004', 'ACQ.TRADE_NOT_EXIST'],
  ORDER_PAID: ['40004', 'ACQ.TRADE_HAS_SUCCESS'],
  OUT_TRADE_NO_USED: ['40004', 'ACQ.CONTEXT_INCONSISTENT'],
  OVER_CAP: ['40004', 'ACQ.ALLOC_AMOUNT_VALIDATE_ERROR'],
  OVER_ORDER: ['40004', 'ACQ.ALLOC_AMOUNT_VALIDATE_ERROR'],
  PARAM_ERROR: ['40004', 'ACQ.INVALID_PARAMETER'],
  PAYOUT_NOT_FOUND: ['40004', 'ORDER_NOT_EXIST'],
  REFUND_EXPIRED: ['40004', 'ACQ.TRADE_NOT_ALLOW_REFUND'],
  REFUND_TOO_MUCH: ['40004', 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL'],
  SETTLE_NOT_FOUND: ['40004', 'ACQ.TRADE_SETTLE_NOT_EXIST'],
  SIGN_ERROR: ['40002', 'isv.invalid-signature'],
  TIMESTAMP_ERROR: ['40002', 'isv.invalid-timestamp'],
  TOKEN_INVALID: ['20001', 'aop.invalid-app-auth-token'],
  TOO_EARLY: ['40004', 'ACQ.TRADE_STATUS_ERROR'],
  TOO_MANY: ['40004', 'ACQ.INVALID_PARAMETER'],
  TOO_MANY_REFUNDS: ['40004', 'ACQ.TRADE_NOT_ALLOW_REFUND'],
  TRADE_ERROR: ['40004', 'ACQ.PAYMENT_FAIL'],
  TRADE_STATUS: ['40004', 'ACQ.TRADE_STATUS_ERROR'],
};

export function refuse(word: string, delivery?: Delivery): Spoken {
  const [code, subCode] = refusals[word] ?? ['20000', 'isp.unknow-error'];
  const message = word.toLowerCase().replaceAll('_', ' ');
  return node({ code, msg: 'Business Failed', sub_code: subCode, sub_msg: message }, delivery);
}

export const yuan = (amountFen: number): string => formatYuan(fen(amountFen)).replaceAll(',', '');

/** The buyer's user id: his own where the payment code tells who he is, else one for this order alone. */
export const buyerOf = (order: BookedOrder): string =>
  `2088${(order.payerId ?? order.transactionId.slice(-12)).padStart(12, '0')}`;

/** An order in Alipay's words, without a state. */
export const payOf = (order: BookedOrder): object => ({
  trade_no: order.transactionId,
  out_trade_no: order.outTradeNo,
  buyer_logon_id: '159****5620',
  buyer_user_id: buyerOf(order),
  total_amount: yuan(order.amountFen),
  receipt_amount: yuan(order.amountFen),
  ...(order.paidAtMs === undefined
    ? {}
    : {
        gmt_payment: shanghaiTimeOf(order.paidAtMs),
        buyer_pay_amount: yuan(order.amountFen),
        fund_bill_list: [{ amount: yuan(order.amountFen), fund_channel: 'ALIPAYACCOUNT' }],
      }),
});

/** An order as a query tells it. */
export const tradeOf = (order: BookedOrder): object => ({
  out_trade_no: order.outTradeNo,
  trade_status: statusOf(order),
  trade_no: order.transactionId,
  total_amount: yuan(order.amountFen),
  ...(order.paidAtMs === undefined
    ? {}
    : { send_pay_date: shanghaiTimeOf(order.paidAtMs), buyer_user_id: buyerOf(order) }),
});

/** Alipay has one word for orders that nobody paid and for those that went back wholly: closed. */
export function statusOf(order: BookedOrder): string {
  if (order.state === 'SUCCESS') return 'TRADE_SUCCESS';
  if (order.state === 'REFUND')
    return refundedFen(order) === order.amountFen ? 'TRADE_CLOSED' : 'TRADE_SUCCESS';
  return order.state === 'CLOSED' ? 'TRADE_CLOSED' : 'WAIT_BUYER_PAY';
}
