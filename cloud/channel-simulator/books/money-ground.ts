import type { ChannelBooks } from '#cloud/channel-simulator/books/channel-books.ts';
import type { Face } from '#cloud/channel-simulator/protocol.ts';

/** The channel's rules about money after the payment. Times in milliseconds of the channel's clock. */
export interface MoneyRules {
  /** Most that may go to others than the order's merchant, basis points of the order. */
  readonly othersMaxBp: number;
  readonly splitRequestsMax: number;
  readonly splitReceiversMax: number;
  readonly splitNotBeforeMs: number;
  /** After this, what is frozen is the merchant's by itself. */
  readonly frozenMaxMs: number;
  /** A payout nobody confirms lapses after this. */
  readonly payoutLapsesAfterMs: number;
  /** Queries it takes until a split or payout is through, 0..100; 0 = a split is through at once. */
  readonly pollsUntilDone: number;
  /** A refund takes only what is in the order: what its merchant got by a split must be given back first. */
  readonly refundNeedsReturn: boolean;
  /** A split with a receiver who was never added is refused as a whole; else his part alone is closed. */
  readonly splitsAllOrNone: boolean;
}

/** WeChat's: 30 %, 50 x 50, 30 s, 180 days; payouts lapse after a day. */
export const moneyRulesDefault: MoneyRules = {
  othersMaxBp: 3_000,
  splitRequestsMax: 50,
  splitReceiversMax: 50,
  splitNotBeforeMs: 30_000,
  frozenMaxMs: 180 * 86_400_000,
  payoutLapsesAfterMs: 86_400_000,
  pollsUntilDone: 1,
  refundNeedsReturn: true,
  splitsAllOrNone: false,
};

/** Where a face's rules differ. Alipay's synchronous splits: 5 receivers, all or none, frozen for 30 days. */
export const moneyRulesOfFace: Readonly<Partial<Record<Face, Partial<MoneyRules>>>> = {
  alipay: {
    splitReceiversMax: 5,
    frozenMaxMs: 30 * 86_400_000,
    pollsUntilDone: 0,
    refundNeedsReturn: false,
    splitsAllOrNone: true,
  },
};

/**
 * A refusal in the neutral words of the books; the face translates it. PARAM_ERROR, ORDER_NOT_FOUND, NOT_FROZEN,
 * TOO_EARLY, OVER_CAP, NOT_ENOUGH, TOO_MANY, ENDED, NUMBER_USED, ONCE_ONLY, AFTER_SPLIT, NO_RELATION, NOT_FOUND,
 * NOT_MARKED, NOT_REFUNDED, NOT_SUBSIDISED, ACCOUNT_ERROR, SYSTEM_ERROR, FREQUENCY_LIMITED.
 */
export interface MoneyRefusal {
  readonly type: 'refused';
  readonly code: string;
}

export const refusedMoney = (code: string): MoneyRefusal => ({ type: 'refused', code });

/** What the three desks stand on. */
export interface MoneyGround {
  readonly books: ChannelBooks;
  /** The rules of the face that an order came by; without one the rules of all. */
  readonly rules: (face?: Face) => MoneyRules;
  /** A number of the channel's own for a key: the same seed gives the same. */
  readonly refOf: (key: string) => string;
  readonly drawer: <T extends object>(name: string) => Drawer<T>;
}

/** One kind of record by key, kept over a restart. */
export interface Drawer<T extends object> {
  readonly get: (key: string) => T | undefined;
  readonly put: (key: string, value: T) => T;
  readonly all: () => readonly T[];
}
