import type { BoxOutcome, BoxStatus } from '#drivers/ecr/box-pos.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Order } from '#shared/order/order.ts';
import { forPeople, intentOf } from '#terminal/agent/checkout/box/box-decisions.ts';
import type { PacedWork } from '#terminal/agent/checkout/paced-work.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';

/** How far a sale at the box is, for the screen. null: a former run sent it, or stopped before. */
export interface BoxProgress {
  readonly sent: boolean | null;
  readonly acknowledged: boolean | null;
  readonly answered: boolean;
  readonly queryCount: number;
  readonly code: ErrorCode | undefined;
  readonly cancelAsked: boolean;
  /** The cashier has asked to cancel, and the box cannot be asked or could not tell: the next sale may begin. */
  readonly mayLeave: boolean;
}

/** The one sale that is at the box or in doubt: while there is one, the box takes no other. */
export interface FollowedSale {
  readonly orderId: OrderId;
  readonly isResumed: boolean;
  readonly pace: PacedWork;
  seen: Pick<BoxProgress, 'sent' | 'acknowledged' | 'answered' | 'queryCount'>;
  code: ErrorCode | undefined;
  cancelAsked: boolean;
  /** A query after the wish to cancel brought nothing definite. */
  isFruitless: boolean;
  /** A query, of whatever time, brought nothing definite. */
  isAskedInVain: boolean;
}

export const freshSale = (orderId: OrderId, isResumed: boolean, pace: PacedWork): FollowedSale => ({
  orderId,
  isResumed,
  pace,
  seen: isResumed
    ? { sent: null, acknowledged: null, answered: false, queryCount: 0 }
    : { sent: false, acknowledged: false, answered: false, queryCount: 0 },
  code: undefined,
  cancelAsked: false,
  isFruitless: false,
  isAskedInVain: false,
});

/** States of an order whose attempt at the box has no definite result. */
export const openBoxStates = ['pos-sent', 'pos-unknown'] as const;

/** The order, while its attempt at the box has no definite result. */
export function findAtBox(journal: Journal, orderId: OrderId): Order | undefined {
  const order = findOrder(journal.read, orderId)?.order;
  return order?.state === 'pos-sent' || order?.state === 'pos-unknown' ? order : undefined;
}

/** Notes what the driver tells of the sale; what a former run did of it the driver does not know. */
export function look(
  one: FollowedSale,
  order: Order,
  { progress, merchantOrderNo }: BoxStatus,
): void {
  if (!progress || merchantOrderNo !== intentOf(order).merchantOrderNo) return;
  const { sent, acknowledged } = one.isResumed ? one.seen : progress;
  const { answered, queryCount } = progress;
  one.seen = { sent, acknowledged, answered, queryCount };
}

const isDefinite = ({ type }: BoxOutcome): boolean => type !== 'not-sent' && type !== 'unknown';

/** Notes what the box said, asked or not. */
export function hear(one: FollowedSale, outcome: BoxOutcome): void {
  if ('code' in outcome) one.code = outcome.code;
  one.seen = { ...one.seen, answered: isDefinite(outcome) };
}

/** Notes what a query brought; when it was nothing, people may decide. */
export function hearQuery(one: FollowedSale, outcome: BoxOutcome): void {
  if (isDefinite(outcome)) return;
  one.isAskedInVain = true;
  one.isFruitless = one.cancelAsked;
}

export function progressOf(one: FollowedSale, isReachable: boolean): BoxProgress {
  const { seen, code, cancelAsked, isFruitless } = one;
  const isForPeople = code !== undefined && forPeople.has(code);
  const mayLeave = cancelAsked && (!isReachable || isFruitless || isForPeople);
  return { ...seen, code, cancelAsked, mayLeave };
}

/** Has the box been asked in vain about it, so that a person may read its slips instead? */
export const isForPeople = (one: FollowedSale, order: Order | undefined): boolean =>
  order?.state === 'pos-unknown' &&
  (one.isAskedInVain || (order.reason !== undefined && forPeople.has(order.reason)));
