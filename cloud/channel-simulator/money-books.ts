import { createHmac } from 'node:crypto';
import type { ChannelBooks } from '#cloud/channel-simulator/channel-books.ts';
import type { BooksStore } from '#cloud/channel-simulator/order-shelf.ts';
import { payoutDesk, type PayoutBooks } from '#cloud/channel-simulator/payout-books.ts';
import type { Face } from '#cloud/channel-simulator/protocol.ts';
import { splitDesk, type SplitBooks } from '#cloud/channel-simulator/split-books.ts';
import { subsidyDesk, type SubsidyBooks } from '#cloud/channel-simulator/subsidy-books.ts';

/** The channel's rules about money behind the payment. Times in milliseconds of the channel's clock. */
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
 * ACCOUNT_ERROR, SYSTEM_ERROR, FREQUENCY_LIMITED.
 */
export interface MoneyRefusal {
  readonly type: 'refused';
  readonly code: string;
}

export const refusedMoney = (code: string): MoneyRefusal => ({ type: 'refused', code });

/** Splits, subsidies and payouts as they really happened, kept apart from what answers say. */
export interface MoneyBooks {
  readonly splits: SplitBooks;
  readonly subsidies: SubsidyBooks;
  readonly payouts: PayoutBooks;
}

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

export function createMoneyBooks(options: {
  readonly seed: string;
  readonly books: ChannelBooks;
  readonly rules: (face?: Face) => MoneyRules;
  readonly store?: BooksStore;
}): MoneyBooks {
  const kept = new Map<string, unknown>();
  for (const record of options.store?.records ?? [])
    if (record.type === 'money') kept.set(record.key, record.value);
  const drawer = <T extends object>(name: string): Drawer<T> => {
    const own = new Map<string, T>();
    for (const [key, value] of kept)
      if (key.startsWith(`${name}/`)) own.set(key.slice(name.length + 1), value as T);
    return {
      get: (key) => own.get(key),
      put: (key, value) => {
        own.set(key, value);
        options.store?.append({ type: 'money', key: `${name}/${key}`, value });
        return value;
      },
      all: () => [...own.values()],
    };
  };
  const refOf = (key: string): string => {
    const hash = createHmac('sha256', `greentill/channel-simulator/${options.seed}`).update(key);
    const number = BigInt(`0x${hash.digest('hex').slice(0, 32)}`);
    return `30${number.toString().padStart(26, '0').slice(-26)}`;
  };
  const ground: MoneyGround = { books: options.books, rules: options.rules, refOf, drawer };
  const splits = splitDesk(ground);
  return { splits, subsidies: subsidyDesk(ground, splits), payouts: payoutDesk(ground) };
}
