import {
  brokenOffRule,
  closedRule,
  failedRule,
  paidRule,
  payingRule,
  unknownRule,
  type ChannelCodeTable,
} from '#cloud/channel/channel-codes.ts';

const scanAgain = failedRule('payment-code-expired', 'new-number');
const usedCode = failedRule('payment-code-used', 'new-number');
const otherCard = failedRule('payer-balance', 'new-number');
const startAgain = failedRule('order-number-closed', 'new-number');

/**
 * Answers of WeChat Pay to a codepay charge. Older pages spell some codes without underscores; both
 * are here. OUT_TRADE_NO_USED is no proof that nothing was charged under our number, so it is asked
 * about, loudly. Source: pay.weixin.qq.com/doc/v3/merchant/4012382150 and the codepay best practice
 * (2025-08-14).
 */
export const wechatCodes: ChannelCodeTable = {
  SUCCESS: paidRule,
  USERPAYING: payingRule,
  USER_PAYING: payingRule,
  SYSTEMERROR: unknownRule('query'),
  SYSTEM_ERROR: unknownRule('query'),
  BANKERROR: unknownRule('query'),
  BANK_ERROR: unknownRule('query'),
  ORDERPAID: unknownRule('query'),
  ORDER_PAID: unknownRule('query'),
  AUTH_CODE_INVALID: usedCode,
  AUTH_CODE_ERROR: scanAgain,
  AUTHCODEEXPIRE: scanAgain,
  AUTH_CODE_EXPIRED: scanAgain,
  NOTENOUGH: otherCard,
  NOT_ENOUGH: otherCard,
  NOTSUPORTCARD: otherCard,
  NOT_SUPORT_CARD: otherCard,
  TRADE_ERROR: brokenOffRule,
  PAYERROR: brokenOffRule,
  ORDERREVERSED: startAgain,
  ORDER_REVERSED: startAgain,
  ORDERCLOSED: startAgain,
  ORDER_CLOSED: startAgain,
  OUT_TRADE_NO_USED: unknownRule('alarm'),
  FREQUENCY_LIMITED: unknownRule('back-off'),
  NOAUTH: closedRule,
  NO_AUTH: closedRule,
  SIGNERROR: closedRule,
  SIGN_ERROR: closedRule,
  PARAM_ERROR: closedRule,
  APPID_MCHID_NOT_MATCH: closedRule,
  MCHID_NOT_EXIST: closedRule,
  MCH_NOT_EXISTS: closedRule,
};

/**
 * Refusals of refunds, splits, subsidies and payouts after which nothing has moved. Everything else
 * is unknown.
 */
export const wechatDeclines: ReadonlySet<string> = new Set([
  'ACCOUNT_ERROR',
  'MCH_NOT_EXISTS',
  'NOTENOUGH',
  'NOT_ENOUGH',
  'NO_AUTH',
  'PARAM_ERROR',
  'RULE_LIMIT',
  'SIGN_ERROR',
  'USER_ACCOUNT_ABNORMAL',
]);

/** WeChat Pay knows nothing of the number asked for. */
export const wechatUnknownNumbers: ReadonlySet<string> = new Set([
  'NOT_FOUND',
  'ORDERNOTEXIST',
  'ORDER_NOT_EXIST',
  'RESOURCE_NOT_EXISTS',
]);

/**
 * To a removal: there is no such receiver. Of this request alone WeChat Pay says so by a word that
 * means anything elsewhere. Source: pay.weixin.qq.com, apiv3 chapter8_1_9, table of errors.
 */
export const wechatUnknownReceivers: ReadonlySet<string> = new Set([
  'INVALID_REQUEST',
  'RESOURCE_NOT_EXISTS',
]);
