import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#shared/time/clock.ts';
import type { BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';
import { isPayerLeft, type ChannelBooks } from '#cloud/channel-simulator/books/channel-books.ts';
import type { FaceHouse } from '#cloud/channel-simulator/face.ts';

/** Payers who are awaited at once; above it one does not come. */
export const latePayersMax = 1_000;

export interface LatePayers {
  readonly awaitPayer: FaceHouse['awaitPayer'];
  readonly awaitedCount: () => number;
}

/**
 * Payers who were typing their password when a reversal closed their order, and who confirm a while after it was
 * answered. A channel that is restarted in between forgets them: their orders stay closed.
 */
export function createLatePayers(deps: {
  readonly books: ChannelBooks;
  readonly clock: Clock;
  readonly closing: AbortSignal;
  /** How long after the reversal, in real milliseconds. */
  readonly afterMs: () => number;
}): LatePayers {
  const { books, clock, closing } = deps;
  const awaited = new Set<BookedOrder>();
  const wait = async (order: BookedOrder, tell: (paid: BookedOrder) => void): Promise<void> => {
    await sleep(deps.afterMs(), undefined, { signal: closing, ref: false });
    const paid = books.payOnceClosed(order, clock.nowMs());
    if (paid !== undefined) tell(paid);
  };
  return {
    awaitPayer: (named, tell) => {
      const order = books.shelf.find(named);
      if (order === undefined || !isPayerLeft(order)) return;
      if (awaited.has(order) || awaited.size >= latePayersMax) return;
      awaited.add(order);
      void wait(order, (paid) => {
        if (paid.paysOnceClosed === 'told') tell(paid);
      })
        .catch(() => undefined)
        .finally(() => awaited.delete(order));
    },
    awaitedCount: () => awaited.size,
  };
}
