import {
  brokenOffRule,
  closedRule,
  failedRule,
  paidRule,
  payingRule,
  unknownRule,
  type ChannelCodeTable,
} from '#cloud/channel/channel-codes.ts';

const usedCode = failedRule('payment-code-used', 'new-number');
const otherCard = failedRule('payer-balance', 'new-number');
const startAgain = failedRule('order-number-closed', 'new-number');

/**
 * Answers of Alipay to a bar code charge: the sub_code, or the gateway's code where there is none.
 * ACQ.CONTEXT_INCONSISTENT says that our number carries another order, which is no proof that
 * nothing was charged, so it is asked about, loudly. 20000 and every SYSTEM_ERROR or unknow-error
 * is a question, never a "no". Source: opendocs.alipay.com, alipay.trade.pay (error codes) and the
 * bar code guide, by way of public mirrors.
 */
export const alipayCodes: ChannelCodeTable = {
  10000: paidRule,
  10003: payingRule,
  20000: unknownRule('query'),
  'ACQ.SYSTEM_ERROR': unknownRule('query'),
  'aop.ACQ.SYSTEM_ERROR': unknownRule('query'),
  'aop.unknow-error': unknownRule('query'),
  'isp.unknow-error': unknownRule('query'),
  'ACQ.TRADE_HAS_SUCCESS': unknownRule('query'),
  'ACQ.CONTEXT_INCONSISTENT': unknownRule('alarm'),
  'isv.app-call-limited': unknownRule('back-off'),
  'ACQ.PAYMENT_FAIL': brokenOffRule,
  'ACQ.PAYMENT_AUTH_CODE_INVALID': usedCode,
  'ACQ.BUYER_BALANCE_NOT_ENOUGH': otherCard,
  'ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH': otherCard,
  'ACQ.ERROR_BALANCE_PAYMENT_DISABLE': otherCard,
  'ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR': otherCard,
  'ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR': otherCard,
  'ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE': otherCard,
  'ACQ.BUYER_ENABLE_STATUS_FORBID': otherCard,
  'ACQ.BUYER_SELLER_EQUAL': otherCard,
  'ACQ.TRADE_HAS_CLOSE': startAgain,
  'ACQ.ACCESS_FORBIDDEN': closedRule,
  'ACQ.INVALID_PARAMETER': closedRule,
  'ACQ.PARTNER_ERROR': closedRule,
  'ACQ.SELLER_BEEN_BLOCKED': closedRule,
  'ACQ.BEYOND_PAY_RESTRICTION': closedRule,
  'aop.invalid-app-auth-token': closedRule,
  'isv.insufficient-isv-permissions': closedRule,
  'isv.invalid-app-id': closedRule,
  'isv.invalid-signature': closedRule,
  'isv.invalid-timestamp': closedRule,
};

/**
 * Refusals of refunds, splits and transfers after which nothing has moved. Everything else is
 * unknown.
 */
export const alipayDeclines: ReadonlySet<string> = new Set([
  'ACQ.ACCESS_FORBIDDEN',
  'ACQ.ALLOC_AMOUNT_VALIDATE_ERROR',
  'ACQ.INVALID_PARAMETER',
  'ACQ.REASON_TRADE_REFUND_FEE_ERR',
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL',
  'ACQ.ROYALTY_RECEIVER_INVALID',
  'ACQ.SELLER_BALANCE_NOT_ENOUGH',
  'ACQ.TRADE_NOT_ALLOW_REFUND',
  'ACQ.TRADE_NOT_EXIST',
  'ACQ.TRADE_STATUS_ERROR',
  'ACQ.USER_NOT_MATCH_ERR',
  'isv.insufficient-isv-permissions',
]);

/** Alipay knows nothing of the number asked for. */
export const alipayUnknownNumbers: ReadonlySet<string> = new Set([
  'ACQ.TRADE_NOT_EXIST',
  'ACQ.TRADE_SETTLE_NOT_EXIST',
  'ORDER_NOT_EXIST',
]);
