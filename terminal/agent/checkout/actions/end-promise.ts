import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Order, PromiseKeptHow } from '#shared/order/order.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { businessDateSince } from '#shared/time/business-day.ts';
import type { Counter, Outcome } from '#terminal/agent/checkout/counter.ts';
import { ownerName } from '#terminal/agent/checkout/actions/pay-promise.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';

/**
 * Somebody says that the promised money came. Cash goes into the drawer, which opens; it counts on the day on which it
 * came. Errors: `order-not-found`, `promise-not-open`, the disk's.
 */
export function keepPromise(
  counter: Counter,
  { orderId, how }: { readonly orderId: string; readonly how: PromiseKeptHow },
): Outcome {
  const promised = findPromise(counter, orderId);
  if (!promised.ok) return promised;
  const body = {
    orderId,
    how,
    businessDate: businessDateSince(promised.value.businessDate, {
      atMs: counter.businessClock.nowMs(),
      cutOverHour: counter.config()?.cutOverHour ?? 0,
    }),
    cashier: counter.cashier,
  };
  const jobs = how === 'cash' ? counter.jobsFor(promised.value.orderId, 'kept-cash') : [];
  return counter.append([{ type: 'offline.promise-kept', body }, ...jobs]);
}

/**
 * The owner says that the money will not come. Errors: `order-not-found`, `promise-not-open`, those
 * of the approval, the disk's.
 */
export function breakPromise(
  counter: Counter,
  broken: {
    readonly orderId: string;
    readonly note: string;
    /** Uses the owner's approval up. */
    readonly approve: () => Result<unknown, ErrorCode>;
  },
): Outcome {
  const { orderId, note } = broken;
  const promised = findPromise(counter, orderId);
  if (!promised.ok) return promised;
  const approved = broken.approve();
  if (!approved.ok) return approved;
  const body = {
    orderId,
    code: 'promise-broken',
    cashier: counter.cashier,
    approvedBy: ownerName,
    note: note.trim(),
  };
  return counter.append([{ type: 'offline.promise-broken', body }]);
}

function findPromise({ journal }: Counter, orderId: string): Result<Order, ErrorCode> {
  const order = findOrder(journal.read, orderId as OrderId)?.order;
  if (!order) return err('order-not-found');
  return order.state === 'promised' ? ok(order) : err('promise-not-open');
}
