import { orderIdOf } from '#terminal/agent/testing/facts.ts';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import { dumpProjections } from '#terminal/agent/journal/projections.ts';
import { checkChain } from '#terminal/agent/store/check-chain.ts';

/** What a journal holds after a fault, when its sales were numbered 0, 1, 2 … without a hole. */
export interface SalesCount {
  /** Sales 0 … salesCount − 1 are there, both entries of each, as recorded cash. */
  readonly salesCount: number;
  /** Entries that a sale has beyond its two, and sales out of their order. */
  readonly doubledCount: number;
  readonly faults: readonly string[];
}

/** Reads the whole journal and checks the chain. A sale that is there in half is a fault. */
export function countSales(read: ReadHandle): SalesCount {
  const faults: string[] = [];
  const chain = checkChain(read);
  if (chain.fault) faults.push(`the chain is broken: ${JSON.stringify(chain.fault)}`);
  const entriesOf = new Map<string, number>();
  for (const { type, body } of walkEntries(read)) {
    if (type === 'store.opened') continue;
    const { orderId } = JSON.parse(body) as { readonly orderId: string };
    entriesOf.set(orderId, (entriesOf.get(orderId) ?? 0) + 1);
  }
  const orders = dumpProjections(read).orders as readonly { order_id: string; state: string }[];
  const recorded = new Set(
    orders.filter(({ state }) => state === 'cash-recorded').map((row) => row.order_id),
  );
  if (recorded.size !== orders.length) faults.push('a sale is there in half');
  let salesCount = 0;
  while (recorded.has(orderIdOf(salesCount))) salesCount += 1;
  const doubledCount =
    [...entriesOf.values()].filter((count) => count > entriesPerSale).length +
    (entriesOf.size - salesCount);
  for (const [orderId, count] of entriesOf)
    if (count < entriesPerSale) faults.push(`${orderId} has ${count} of its entries`);
  return { salesCount, doubledCount, faults };
}

const entriesPerSale = 2;
