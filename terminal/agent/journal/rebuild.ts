import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { RefusedInTransaction } from '#terminal/agent/journal/commit.ts';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import type { Store } from '#terminal/agent/journal/open-store.ts';
import { createOrderWriter } from '#terminal/agent/journal/order-writer.ts';
import {
  project,
  projectionTables,
  type FactRefused,
} from '#terminal/agent/journal/projections.ts';
import { loadCarried } from '#terminal/agent/store/carried-rows.ts';

/**
 * Throws the projections away and folds all entries again, from what was carried over the cut on. Answers the first
 * refused fact, which is a defect.
 */
export function rebuildProjections(store: Store): FactRefused | undefined {
  try {
    store.transact(() => {
      for (const table of projectionTables.toReversed()) store.write.run(`DELETE FROM ${table}`);
      loadCarried(store.write, store.write);
      const orders = createOrderWriter(store.write);
      for (const entry of walkEntries(store.write)) {
        const fact = { type: entry.type, body: JSON.parse(entry.body) as unknown } as EntryFact;
        const refused = project({ tx: store.write, orders }, fact, entry);
        if (refused) throw new RefusedInTransaction(refused);
        orders.flush();
      }
    });
    return undefined;
  } catch (error) {
    if (error instanceof RefusedInTransaction) return error.refused;
    throw error;
  }
}
