import type { Fen } from '#shared/money/fen.ts';
import type { Answered, Unknown } from '#cloud/channel/channel-exchange.ts';

/** A refusal that is final by whitelist: nothing moved under this number, and nothing will. */
export interface Declined {
  readonly type: 'declined';
  readonly code: string;
}

/** The channel took the instruction and is at it: ask again under the same number. */
export interface Processing {
  readonly type: 'processing';
  readonly ref: string;
}

/** Only a query says so: the instruction may still be on its way, so this alone permits no new number. */
export interface NotKnown {
  readonly type: 'not-known';
  readonly code: string;
}

/** A paid order whose money is split or subsidised. */
export interface PaidOrder {
  readonly channelMerchantNo: string;
  readonly outTradeNo: string;
  /** The channel's number of the payment. */
  readonly channelRef: string;
}

export interface SplitReceiver {
  readonly type: 'merchant' | 'person';
  /** A merchant number, or a person's id in our app at the channel. */
  readonly account: string;
  readonly amountFen: Fen;
  readonly description: string;
}

/** How one receiver fared. `closed`: final, the money stayed in the order. */
export interface SplitShare {
  readonly account: string;
  readonly amountFen: Fen;
  readonly state: 'pending' | 'done' | 'closed';
  readonly reason?: string;
}

export interface SplitOrder extends PaidOrder {
  /** Idempotency key: the same number with the same content is the same split. */
  readonly outSplitNo: string;
  readonly receivers: readonly SplitReceiver[];
  /** Release what is left to the merchant; no further split after that. */
  readonly releasesRest: boolean;
}

export type SplitOutcome =
  | { readonly type: 'split'; readonly ref: string; readonly shares: readonly SplitShare[] }
  | (Processing & { readonly shares: readonly SplitShare[] })
  | Declined
  | NotKnown
  | Unknown;

export interface SplitReturn {
  readonly channelMerchantNo: string;
  /** The channel's number of the payment. WeChat Pay does without, Alipay does not. */
  readonly channelRef?: string;
  readonly outSplitNo: string;
  /** Idempotency key of the return. */
  readonly outReturnNo: string;
  readonly fromAccount: string;
  readonly amountFen: Fen;
  readonly description: string;
}

export type MovedOutcome =
  { readonly type: 'done'; readonly ref: string } | Processing | Declined | NotKnown | Unknown;

/** Who may get shares of a merchant's orders. */
export interface SplitRelation extends Pick<SplitReceiver, 'type' | 'account'> {
  readonly channelMerchantNo: string;
  /** How often the relation was removed before, 0..: made anew, it is another request. */
  readonly round: number;
}

/** Freezing and sharing the money of paid orders at the channel: the platform never holds it. */
export interface SplitDesk {
  /** `name`: the receiver's full name; required for merchants. */
  addReceiver(receiver: SplitRelation & { readonly name: string }): Promise<Answered<MovedOutcome>>;
  /** From then on he gets nothing. `not-known`: there is no such relation. Asking again is safe, and the only question. */
  removeReceiver(receiver: SplitRelation): Promise<Answered<MovedOutcome>>;
  split(order: SplitOrder): Promise<Answered<SplitOutcome>>;
  querySplit(order: PaidOrder & { readonly outSplitNo: string }): Promise<Answered<SplitOutcome>>;
  /** Releases everything that is still frozen to the merchant. Ends splitting of this order. */
  unfreeze(
    order: PaidOrder & { readonly outSplitNo: string; readonly description: string },
  ): Promise<Answered<SplitOutcome>>;
  /** Takes money back from a receiver, before a refund of the order. */
  takeBack(request: SplitReturn): Promise<Answered<MovedOutcome>>;
  queryTakeBack(request: SplitReturn): Promise<Answered<MovedOutcome>>;
  /** What of the order is still frozen. */
  queryFrozen(
    order: PaidOrder,
  ): Promise<Answered<{ readonly type: 'frozen'; readonly amountFen: Fen } | Unknown>>;
}

export interface SubsidyOrder extends PaidOrder {
  /** Idempotency key; never change the amount under it: the platform could be debited twice. */
  readonly outSubsidyNo: string;
  readonly amountFen: Fen;
  readonly description: string;
}

/** A subsidy above this is refused by the channel: 5,000 yuan an order (WeChat Pay). */
export const subsidyMaxFen = 500_000;

/**
 * Paying a voucher's worth to the merchant: once per order, before its split, and only for what the charge itself said
 * (`ChargeOrder.subsidyFen`).
 */
export interface SubsidyDesk {
  create(order: SubsidyOrder): Promise<Answered<MovedOutcome>>;
  takeBack(order: SubsidyOrder & { readonly outReturnNo: string }): Promise<Answered<MovedOutcome>>;
  /**
   * Nothing is to be subsidised of an order whose charge said so: refunds took it all, before the subsidy was paid. Until
   * then nobody gets a share of it. The order is what names it: asking again is safe.
   */
  cancel(order: PaidOrder & { readonly description: string }): Promise<Answered<MovedOutcome>>;
}

export interface Payout {
  /** Idempotency key. Never choose a new one before a query said how this one ended. */
  readonly outPayoutNo: string;
  /** The payee's id in our app at the channel. */
  readonly payee: string;
  /** Needed from the channel's limit on; encrypted on the wire where the channel asks for it. */
  readonly payeeName?: string;
  readonly amountFen: Fen;
  readonly remark: string;
}

/** `waiting-payee`: accepted, the payee must confirm; it lapses by itself. `lapsed`: final, nothing moved. */
export type PayoutOutcome =
  | { readonly type: 'paid-out'; readonly ref: string }
  | { readonly type: 'waiting-payee'; readonly ref: string }
  | { readonly type: 'lapsed'; readonly code: string }
  | Processing
  | Declined
  | NotKnown
  | Unknown;

export interface PayoutDesk {
  /** Sent once. Anything but a state in a verified answer is unknown: then query, never a new number. */
  submit(payout: Payout): Promise<Answered<PayoutOutcome>>;
  query(payout: Payout): Promise<Answered<PayoutOutcome>>;
}
