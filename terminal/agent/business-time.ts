import { idTimeMs, type OrderId } from '#shared/ids/ids.ts';
import type { Order, OrderRefund } from '#shared/order/order.ts';
import { businessDate } from '#shared/time/business-day.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { StoredOrder } from '#terminal/agent/journal/order-rows.ts';

/**
 * The times that people read: on receipts, slips, lists and the screen. The journal keeps the computer's own; where it
 * is known that the computer's clock was wrong, what is shown is the cloud's time.
 */

/** An order's number is made a few minutes before the sale at most: with a coupon, when that was taken. */
export const idAgeMsMax = 6 * 60_000;
/** From asking the cloud whether a sale may go on until it stands in the journal. */
const saleBeginsMsMax = 30_000;

/**
 * May a sale that begins now have this number, which was made for it before? An older one would be taken for the word of
 * a computer whose clock is ahead. `nowMs` is the business's. Pure.
 */
export const isYoungId = (orderId: OrderId, nowMs: number): boolean =>
  Math.abs(nowMs - idTimeMs(orderId)) <= idAgeMsMax - saleBeginsMsMax;

/** How the computer's clock stood when the order was opened: its number has the business time. 0: right, or unknown. */
function correctionOf({ orderId, openedAtMs }: Pick<Order, 'orderId' | 'openedAtMs'>): number {
  const offMs = idTimeMs(orderId) - openedAtMs;
  return Math.abs(offMs) > idAgeMsMax ? offMs : 0;
}

/** When an order was opened. Pure. */
export const openedTimeMs = (order: Pick<Order, 'orderId' | 'openedAtMs'>): number =>
  order.openedAtMs + correctionOf(order);

/**
 * When an order came to its present state. The clock may have been put right since the order was opened, and nothing
 * says so but the time itself: of the two readings, as it stands and corrected as for the opening, the one that falls on
 * the day (of this cut-over hour) which a kept promise names, else the one that comes sooner after the opening. Pure.
 */
export function changedTimeMs(
  { order, changedAtMs }: Pick<StoredOrder, 'order' | 'changedAtMs'>,
  cutOverHour = 0,
): number {
  const openedMs = openedTimeMs(order);
  const readings = [changedAtMs, changedAtMs + correctionOf(order)].filter(
    (atMs) => atMs >= openedMs,
  );
  const keptOn = order.tender?.type === 'promise' ? order.tender.kept?.businessDate : undefined;
  const onDay = readings.find((atMs) => businessDate({ atMs, cutOverHour }) === keptOn);
  return onDay ?? (readings.length === 0 ? openedMs : Math.min(...readings));
}

/** How far the computer's clock is off now, and when the shop's day begins. */
export interface DayTimes {
  readonly correctionMs: number;
  readonly cutOverHour: number;
}

export const dayTimesOf = (deps: {
  readonly clock: Clock;
  readonly businessClock: Clock;
  readonly config: () => { readonly cutOverHour: number } | undefined;
}): DayTimes => ({
  correctionMs: Math.trunc(deps.businessClock.nowMs() - deps.clock.nowMs()),
  cutOverHour: deps.config()?.cutOverHour ?? 0,
});

/** When a refund was asked for. Pure. */
export const refundTimeMs = (
  order: Pick<Order, 'orderId' | 'openedAtMs'>,
  refund: Pick<OrderRefund, 'askedAtMs' | 'businessDate'>,
  times: DayTimes,
): number => timeOnDay(refund.askedAtMs, refund.businessDate, times, correctionOf(order));

/**
 * What carries its business day, but no time except the computer's `wallMs`: corrected as the clock is off now, or as
 * it was off for the sale, whichever falls on that day; else as it stands. Pure.
 */
export function timeOnDay(
  wallMs: number,
  date: string,
  { correctionMs, cutOverHour }: DayTimes,
  ofSaleMs = 0,
): number {
  const fits = (atMs: number): boolean => businessDate({ atMs, cutOverHour }) === date;
  return [correctionMs, ofSaleMs].map((byMs) => wallMs + byMs).find(fits) ?? wallMs;
}
