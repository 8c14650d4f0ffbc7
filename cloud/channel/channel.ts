import type { BillDesk } from '#cloud/channel/channel-bill.ts';
import type {
  Answered,
  ChannelOrder,
  ChargeOrder,
  ChargeOutcome,
  ProbeOutcome,
  QueryOutcome,
  RefundOrder,
  RefundOutcome,
  ReverseOutcome,
  WithholdOrder,
} from '#cloud/channel/channel-exchange.ts';
import type { PayoutDesk, SplitDesk, SubsidyDesk } from '#cloud/channel/channel-money.ts';
import type { NotifyReader } from '#cloud/channel/channel-notify.ts';
import type { ChannelAbility, ChannelProfile } from '#cloud/channel/channel-profile.ts';

/**
 * The port to a payment channel. Whatever a channel says becomes one of few outcomes, and only a whitelist of codes
 * (the channel's codes.ts) is a final failure: a timeout, a 5xx, a bad signature, a wrong amount, a code nobody has
 * seen, all of them are `unknown`, which is left only by a query or a reversal.
 * Not every channel can do everything: what is optional here is listed in `profile.abilities` exactly when it is there.
 * Every implementation passes register-channel-contract.ts; docs/payments.md tells how to add one.
 */
export interface Channel {
  readonly profile: ChannelProfile;
  /** Charges a scanned payment code. Sent once; never repeated, because the code is gone afterwards. */
  charge(request: ChargeOrder): Promise<Answered<ChargeOutcome>>;
  /** Debits a member under his withholding agreement. Sent once; an unknown result is queried, never replayed. */
  withhold?(request: WithholdOrder): Promise<Answered<ChargeOutcome>>;
  query(order: ChannelOrder): Promise<Answered<QueryOutcome>>;
  /** Closes an unpaid order, gives the money of a paid one back. May be repeated until it is definite. */
  reverse(order: ChannelOrder): Promise<Answered<ReverseOutcome>>;
  /** Gives money back, in whole or in part. Idempotent by `outRefundNo`: repeating it asks for its state. */
  refund(order: RefundOrder): Promise<Answered<RefundOutcome>>;
  /** What became of a refund. Never starts one. */
  queryRefund?(order: RefundOrder): Promise<Answered<RefundOutcome>>;
  /** Self test with the real keys; moves no money. */
  probe?(): Promise<Answered<ProbeOutcome>>;
  readonly splits?: SplitDesk;
  readonly subsidies?: SubsidyDesk;
  readonly payouts?: PayoutDesk;
  readonly bills?: BillDesk;
  readonly notify?: NotifyReader;
}

const portOfAbility = {
  bill: 'bills',
  notify: 'notify',
  payout: 'payouts',
  probe: 'probe',
  'query-refund': 'queryRefund',
  split: 'splits',
  subsidy: 'subsidies',
  withhold: 'withhold',
} as const satisfies Readonly<Record<ChannelAbility, keyof Channel>>;

/** What an adapter really has; the contract holds its profile to it. */
export const abilitiesOf = (channel: Channel): readonly ChannelAbility[] =>
  (Object.keys(portOfAbility) as ChannelAbility[]).filter(
    (ability) => channel[portOfAbility[ability]] !== undefined,
  );
