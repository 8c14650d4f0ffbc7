import {
  brokenOffRule,
  closedRule,
  failedRule,
  paidRule,
  payingRule,
  unknownRule,
  type ChannelCodeTable,
} from '#cloud/channel/channel-codes.ts';

/**
 * Answers of a licensed aggregator (cloud/channel-simulator/protocol.ts). One list of codes for all
 * wallets; their meanings follow WeChat Pay's (../wechat/codes.ts).
 */
export const aggregatorCodes: ChannelCodeTable = {
  SUCCESS: paidRule,
  USERPAYING: payingRule,
  SYSTEM_ERROR: unknownRule('query'),
  BANK_ERROR: unknownRule('query'),
  ORDER_PAID: unknownRule('query'),
  FREQUENCY_LIMITED: unknownRule('back-off'),
  OUT_TRADE_NO_USED: unknownRule('alarm'),
  TRADE_ERROR: brokenOffRule,
  AUTH_CODE_EXPIRED: failedRule('payment-code-expired', 'new-number'),
  AUTH_CODE_INVALID: failedRule('payment-code-used', 'new-number'),
  NOT_ENOUGH: failedRule('payer-balance', 'new-number'),
  NOT_SUPPORT_CARD: failedRule('payer-balance', 'new-number'),
  ORDER_CLOSED: failedRule('order-number-closed', 'new-number'),
  PARAM_ERROR: closedRule,
  NO_AUTH: closedRule,
  SIGN_ERROR: closedRule,
  TIMESTAMP_ERROR: closedRule,
  MERCHANT_NOT_FOUND: closedRule,
};
