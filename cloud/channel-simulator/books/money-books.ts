import { createHmac } from 'node:crypto';
import type { ChannelBooks } from '#cloud/channel-simulator/books/channel-books.ts';
import type {
  Drawer,
  MoneyGround,
  MoneyRules,
} from '#cloud/channel-simulator/books/money-ground.ts';
import type { BooksStore } from '#cloud/channel-simulator/books/order-shelf.ts';
import { payoutDesk, type PayoutBooks } from '#cloud/channel-simulator/books/payout-books.ts';
import type { Face } from '#cloud/channel-simulator/protocol.ts';
import { splitDesk, type SplitBooks } from '#cloud/channel-simulator/books/split-books.ts';
import { subsidyDesk, type SubsidyBooks } from '#cloud/channel-simulator/books/subsidy-books.ts';

/** Splits, subsidies and payouts as they really happened, kept apart from what answers say. */
export interface MoneyBooks {
  readonly splits: SplitBooks;
  readonly subsidies: SubsidyBooks;
  readonly payouts: PayoutBooks;
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
  const splits = splitDesk(ground, (order) => subsidies.isOwed(order));
  const subsidies = subsidyDesk(ground, splits);
  return { splits, subsidies, payouts: payoutDesk(ground) };
}
