import type { Wallet } from '#shared/tender/payment-code.ts';
import type { ChannelCodeTable } from '#cloud/channel/channel-codes.ts';

/** Which dialect an adapter speaks. */
export type ChannelKind = 'wechat' | 'alipay' | 'unionpay' | 'aggregator';

/** What not every channel can do. */
export type ChannelAbility =
  'bill' | 'notify' | 'payout' | 'probe' | 'query-refund' | 'split' | 'subsidy' | 'withhold';

/** The channel's own rules, from its public documents. Times in milliseconds. */
export interface ChannelLimits {
  /** A reversal is refused earlier than this after the charge; 0 = at once. */
  readonly reverseNotBeforeMs: number;
  /** A reversal is refused later than this after the charge; a refund is the way then. */
  readonly reverseWindowMs: number;
  /**
   * When a query does not know a number so long after its charge left, it never will: the payment code is dead. Absent
   * where a reversal itself closes the number, so that nothing has to be concluded from a query.
   */
  readonly unknownNumberFinalAfterMs?: number;
  readonly refundWindowMs: number;
  readonly refundsPerOrderMax: number;
  /** A query still says "paid" when everything went back by refunds: the refunds themselves must be asked for. */
  readonly queryHidesRefunds?: true;
  readonly split?: SplitLimits;
}

export interface SplitLimits {
  /** Most that may go to others than the order's own merchant, basis points of the order. */
  readonly othersMaxBp: number;
  readonly requestsPerOrderMax: number;
  readonly receiversPerRequestMax: number;
  /** A split is refused earlier than this after the payment. */
  readonly notBeforeMs: number;
  /** After this the channel releases what is frozen by itself. */
  readonly frozenMaxMs: number;
  /** What the merchant got by a split must come back into the order before a refund can take it. */
  readonly returnsBeforeRefund?: true;
}

/** What a channel is, as data: for the router, for the payment machine, for the docs. */
export interface ChannelProfile {
  readonly kind: ChannelKind;
  /** Wallets whose codes it charges. */
  readonly wallets: readonly Wallet[];
  /** Sorted; equal to `abilitiesOf` the adapter (channel.ts). */
  readonly abilities: readonly ChannelAbility[];
  readonly codes: ChannelCodeTable;
  readonly limits: ChannelLimits;
}
