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

/** Answers of one channel to a charge or a withholding, by the channel's code. */
export type ChannelCodeTable = Readonly<Record<string, ChannelCodeRule>>;

/** Nothing may be concluded: ask, and reverse when it stays unclear. */
export const unknownRule = (cloud: ChannelCodeRule['cloud']): ChannelCodeRule => ({
  outcome: 'unknown',
  till: 'channel-unknown',
  cloud,
  otherChannel: false,
});

/** Final: not charged and never will be. */
export const failedRule = (till: ErrorCode, cloud: ChannelCodeRule['cloud']): ChannelCodeRule => ({
  outcome: 'failed',
  till,
  cloud,
  otherChannel: false,
});

/** Final, and the channel refuses this merchant or our keys: no sale goes there until people looked. */
export const closedRule: ChannelCodeRule = {
  ...failedRule('channel-closed', 'close-channel'),
  otherChannel: true,
};

export const paidRule: ChannelCodeRule = {
  outcome: 'paid',
  till: 'channel-unknown',
  cloud: 'book',
  otherChannel: false,
};

export const payingRule: ChannelCodeRule = {
  outcome: 'paying',
  till: 'payer-confirming',
  cloud: 'poll',
  otherChannel: false,
};

/** The channel itself asks for a reversal before anything new. */
export const brokenOffRule: ChannelCodeRule = {
  outcome: 'broken-off',
  till: 'channel-unknown',
  cloud: 'reverse',
  otherChannel: false,
};

/** Words of our own, in lower case, the same for every channel. Not one of them but `not-sent` concludes anything. */
export const ownCodes: ChannelCodeTable = {
  /** There was no connection, so not one byte left. */
  'not-sent': { ...failedRule('channel-unreachable', 'back-off'), otherChannel: true },
  'no-answer': unknownRule('query'),
  'bad-signature': unknownRule('query'),
  'garbled-answer': unknownRule('query'),
  'order-mismatch': unknownRule('query'),
  'state-mismatch': unknownRule('query'),
};

/** What a code means; unknown for every code that stands neither in the channel's table nor among our own. */
export const ruleOfChannelCode = (table: ChannelCodeTable, code: string): ChannelCodeRule => {
  if (Object.hasOwn(table, code)) return table[code]!;
  return Object.hasOwn(ownCodes, code) ? ownCodes[code]! : unknownRule('query');
};
