import type { ErrorCode } from '#shared/errors/catalogue.ts';

/** What one code of a channel means for the till, for the cloud, and for another channel. */
export interface ChannelCodeRule {
  /** What a charge's answer with this code is. Only `failed` is final. */
  readonly outcome: 'paid' | 'paying' | 'unknown' | 'broken-off' | 'failed';
  /** What the till shows. */
  readonly till: ErrorCode;
  /**
   * What the cloud does: book it; poll while the payer pays; query and, when unclear, reverse; reverse because the
   * channel asks for it; start over under a new number; close this channel for the merchant until people looked;
   * back off for a while; wake somebody because our own numbering is at fault.
   */
  readonly cloud:
    'book' | 'poll' | 'query' | 'reverse' | 'new-number' | 'close-channel' | 'back-off' | 'alarm';
  /** May the same sale be tried on another channel at once? Only ever after a final failure. */
  readonly otherChannel: boolean;
}

/**
 * Answers to a charge or a withholding. A code that is not here is unknown.
 * Sources: WeChat Pay codepay result table (pay.weixin.qq.com/doc/v3/merchant/4012382150), Alipay trade.pay codes.
 */
export const channelCodes: Readonly<Record<string, ChannelCodeRule>> = {
  SUCCESS: { outcome: 'paid', till: 'channel-unknown', cloud: 'book', otherChannel: false },
  USERPAYING: { outcome: 'paying', till: 'payer-confirming', cloud: 'poll', otherChannel: false },
  SYSTEM_ERROR: unknownRule('query'),
  BANK_ERROR: unknownRule('query'),
  ORDER_PAID: unknownRule('query'),
  FREQUENCY_LIMITED: unknownRule('back-off'),
  OUT_TRADE_NO_USED: unknownRule('alarm'),
  TRADE_ERROR: {
    outcome: 'broken-off',
    till: 'channel-unknown',
    cloud: 'reverse',
    otherChannel: false,
  },
  AUTH_CODE_EXPIRED: failedRule('payment-code-expired', 'new-number'),
  AUTH_CODE_INVALID: failedRule('payment-code-used', 'new-number'),
  NOT_ENOUGH: failedRule('payer-balance', 'new-number'),
  NOT_SUPPORT_CARD: failedRule('payer-balance', 'new-number'),
  ORDER_CLOSED: failedRule('order-number-closed', 'new-number'),
  PARAM_ERROR: { ...failedRule('channel-closed', 'close-channel'), otherChannel: true },
  NO_AUTH: { ...failedRule('channel-closed', 'close-channel'), otherChannel: true },
  SIGN_ERROR: { ...failedRule('channel-closed', 'close-channel'), otherChannel: true },
  TIMESTAMP_ERROR: { ...failedRule('channel-closed', 'close-channel'), otherChannel: true },
  MERCHANT_NOT_FOUND: { ...failedRule('channel-closed', 'close-channel'), otherChannel: true },
  /** Ours: the connection was refused, so not one byte left. */
  'not-sent': { ...failedRule('channel-unreachable', 'back-off'), otherChannel: true },
};

/** What a code means; unknown for every code that is not in the table. */
export const ruleOfChannelCode = (code: string): ChannelCodeRule =>
  Object.hasOwn(channelCodes, code) ? channelCodes[code]! : unknownRule('query');

function unknownRule(cloud: ChannelCodeRule['cloud']): ChannelCodeRule {
  return { outcome: 'unknown', till: 'channel-unknown', cloud, otherChannel: false };
}

function failedRule(till: ErrorCode, cloud: ChannelCodeRule['cloud']): ChannelCodeRule {
  return { outcome: 'failed', till, cloud, otherChannel: false };
}
