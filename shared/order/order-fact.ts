import type { EntryFact, EntryType } from '#shared/wire/v1/entries.ts';

/** The entry types that move an order; facts about the store, the printer, the caps and the exceptions do not. */
export type OrderFactType = Exclude<
  EntryType,
  | `print.${string}`
  | `drawer.${string}`
  | `store.${string}`
  | `caps.${string}`
  | `exception.${string}`
>;
export type OrderFact = Extract<EntryFact, { readonly type: OrderFactType }>;

const otherTypes: Readonly<Record<Exclude<EntryType, OrderFactType>, true>> = {
  'store.opened': true,
  'print.queued': true,
  'print.attempted': true,
  'print.confirmed': true,
  'print.unknown': true,
  'print.abandoned': true,
  'drawer.no-sale': true,
  'caps.applied': true,
  'exception.resolved': true,
};

/** Does this fact move an order? */
export const isOrderFact = (fact: EntryFact): fact is OrderFact =>
  !Object.hasOwn(otherTypes, fact.type);
