import type { Timers } from '#drivers/core/timers.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Result } from '#shared/result/result.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';

/**
 * Ends held charges whose code is gone. The journal may refuse for a while (a full disk): no order
 * stays held for it.
 */
export interface HeldExpiry {
  readonly isHeld: (orderId: OrderId) => boolean;
  /** Writes the end down; tried again until the disk takes it. */
  readonly expire: (orderId: OrderId) => void;
  readonly stop: () => void;
}

const retryMs = 2_000;

export function createHeldExpiry(deps: {
  readonly journal: Pick<Journal, 'read'>;
  readonly timers: Timers;
  readonly append: (facts: readonly EntryFact[]) => Result<void, ErrorCode>;
}): HeldExpiry {
  /** Ends that the disk refused, by order; at most one each. */
  const late = new Map<OrderId, () => void>();

  const isHeld = (orderId: OrderId): boolean =>
    findOrder(deps.journal.read, orderId)?.order.state === 'held';

  const expire = (orderId: OrderId): void => {
    late.delete(orderId);
    if (!isHeld(orderId) || deps.append([{ type: 'charge.expired', body: { orderId } }]).ok) return;
    late.set(
      orderId,
      deps.timers.after(retryMs, () => expire(orderId)),
    );
  };

  return {
    isHeld,
    expire,
    stop: () => {
      for (const cancel of late.values()) cancel();
    },
  };
}
