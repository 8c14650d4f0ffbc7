import type { Said } from '#cloud/channel-simulator/line.ts';
import type { BookedOrder, BookedRefund } from '#cloud/channel-simulator/books/booked-order.ts';
import type { Delivery } from '#cloud/channel-simulator/payment-scripts.ts';
import { rfc3339Of } from '#cloud/channel-simulator/shanghai-time.ts';

export type Spoken = Said & { readonly delivery?: Delivery };

export const said = (status: number, value: object, delivery: Delivery = 'prompt'): Spoken => ({
  status,
  body: JSON.stringify(value),
  delivery,
});

/** WeChat Pay's status and code for the neutral words of the books. A word that is not here stays itself, 400. */
const refusals: Readonly<Record<string, readonly [number, string]>> = {
  ACCOUNT_ERROR: [400, 'ACCOUNT_ERROR'],
  AFTER_SPLIT: [403, 'RULE_LIMIT'],
  AUTH_CODE_EXPIRED: [400, 'AUTHCODEEXPIRE'],
  ENDED: [403, 'RULE_LIMIT'],
  FREQUENCY_LIMITED: [429, 'FREQUENCY_LIMITED'],
  NOT_ENOUGH: [403, 'NOTENOUGH'],
  NOT_FOUND: [404, 'RESOURCE_NOT_EXISTS'],
  NOT_FROZEN: [403, 'RULE_LIMIT'],
  NOT_MARKED: [400, 'INVALID_REQUEST'],
  NOT_REFUNDED: [400, 'INVALID_REQUEST'],
  NOT_SUBSIDISED: [403, 'RULE_LIMIT'],
  NO_AUTH: [403, 'NO_AUTH'],
  NO_RELATION: [400, 'INVALID_REQUEST'],
  NUMBER_USED: [400, 'INVALID_REQUEST'],
  ONCE_ONLY: [400, 'INVALID_REQUEST'],
  ORDER_CLOSED: [400, 'ORDERCLOSED'],
  ORDER_NOT_FOUND: [404, 'ORDER_NOT_EXIST'],
  ORDER_PAID: [400, 'ORDERPAID'],
  OUT_TRADE_NO_USED: [403, 'OUT_TRADE_NO_USED'],
  OVER_CAP: [403, 'RULE_LIMIT'],
  REFUND_EXPIRED: [400, 'INVALID_REQUEST'],
  REVERSE_EXPIRED: [403, 'REVERSE_EXPIRE'],
  REVERSE_TOO_EARLY: [403, 'RULE_LIMIT'],
  SIGN_ERROR: [401, 'SIGN_ERROR'],
  SYSTEM_ERROR: [500, 'SYSTEM_ERROR'],
  TOO_EARLY: [403, 'RULE_LIMIT'],
  TOO_MANY: [403, 'RULE_LIMIT'],
  TOO_MANY_REFUNDS: [403, 'RULE_LIMIT'],
  TRADE_ERROR: [403, 'TRADE_ERROR'],
};

export function refuse(word: string, delivery?: Delivery): Spoken {
  const [status, code] = refusals[word] ?? [400, word];
  return said(status, { code, message: word.toLowerCase().replaceAll('_', ' ') }, delivery);
}

/** Who stands in an answer: the partner and his sub-merchant, or the merchant himself. */
export const namesOf = (caller: string, merchantNo: string): object =>
  merchantNo === caller ? { mchid: caller } : { sp_mchid: caller, sub_mchid: merchantNo };

/** An order in WeChat Pay's words. Reversed orders are REVOKED, with a payment's number when money had come. */
export function tradeOf(order: BookedOrder, caller: string): object {
  const isReversed =
    order.state === 'CLOSED' || Object.values(order.refunds).some((one) => one.isReversal);
  const { paidAtMs } = order;
  return {
    ...namesOf(caller, order.merchantNo),
    out_trade_no: order.outTradeNo,
    trade_type: 'MICROPAY',
    trade_state: isReversed ? 'REVOKED' : order.state,
    trade_state_desc: order.state,
    ...(paidAtMs !== undefined
      ? {
          transaction_id: order.transactionId,
          success_time: rfc3339Of(paidAtMs),
          payer: { openid: `oSandbox${order.payerId ?? order.transactionId.slice(-12)}` },
        }
      : {}),
    ...(order.amountFen > 0
      ? {
          amount: {
            total: order.amountFen,
            payer_total: order.amountFen,
            currency: 'CNY',
            payer_currency: 'CNY',
          },
        }
      : {}),
  };
}

export const refundOf = (
  order: BookedOrder,
  refund: BookedRefund & { readonly outRefundNo: string },
): object => ({
  refund_id: `50${order.transactionId.slice(2)}`,
  out_refund_no: refund.outRefundNo,
  transaction_id: order.transactionId,
  out_trade_no: order.outTradeNo,
  channel: 'ORIGINAL',
  user_received_account: '支付用户零钱',
  create_time: rfc3339Of(refund.atMs),
  success_time: rfc3339Of(refund.atMs),
  status: 'SUCCESS',
  amount: {
    total: order.amountFen,
    refund: refund.amountFen,
    payer_total: order.amountFen,
    payer_refund: refund.amountFen,
    settlement_refund: refund.amountFen,
    settlement_total: order.amountFen,
    discount_refund: 0,
    currency: 'CNY',
  },
});
