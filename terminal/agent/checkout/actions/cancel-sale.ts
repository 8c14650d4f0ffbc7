import type { OrderId } from '#shared/ids/ids.ts';
import type { Order } from '#shared/order/order.ts';
import { err, ok } from '#shared/result/result.ts';
import type { Counter, Outcome } from '#terminal/agent/checkout/counter.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';

/**
 * The cashier asks to cancel the sale on screen. What waits for the line is given up at once; what was sent is a wish
 * in the journal that only the answer of the cloud, or of the box, fulfils. Errors: `nothing-in-flight`, the disk's.
 */
export function cancelSale(counter: Counter): Outcome {
  const { orderId, screen } = counter.screen.till();
  const order = orderId && findOrder(counter.journal.read, orderId)?.order;
  if (!order || screen.type === 'ready') return err('nothing-in-flight');
  if (order.state === 'held') return giveUpHeld(counter, order.orderId);
  if (order.state === 'cancel-wanted') return ok(undefined);
  if (order.state === 'pos-sent' || order.state === 'pos-unknown')
    return askBoxToGiveUp(counter, order);
  if (order.state !== 'submitting' && order.state !== 'unknown') return err('nothing-in-flight');
  const { attempt } = order;
  const wanted = counter.append([
    {
      type: 'charge.cancel-wanted',
      body: { orderId: order.orderId, attempt, cashier: counter.cashier },
    },
  ]);
  if (wanted.ok) counter.runner.askNow(order.orderId);
  return wanted;
}

/** A request, never a forget: the box's own word decides. The journal says once who asked for it. */
function askBoxToGiveUp({ append, boxRunner, cashier }: Counter, order: Order): Outcome {
  const { orderId, attempt } = order;
  const isAsked = boxRunner.progressOf(orderId)?.cancelAsked === true;
  const wanted = isAsked
    ? ok(undefined)
    : append([{ type: 'pos.cancel-wanted', body: { orderId, attempt, cashier } }]);
  if (wanted.ok) boxRunner.close(orderId);
  return wanted;
}

function giveUpHeld(counter: Counter, orderId: OrderId): Outcome {
  const voided = counter.append([
    { type: 'order.voided', body: { orderId, code: 'cancelled-by-cashier' } },
  ]);
  if (!voided.ok) return voided;
  counter.held.forget();
  counter.vault.drop(orderId);
  void counter.holds.giveBack();
  return voided;
}
