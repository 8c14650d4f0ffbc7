import { attemptMax } from '#shared/ids/ids.ts';
import { withLines } from '#shared/goods/sale-lines.ts';
import { createMachine } from '#shared/machine/machine.ts';
import { addFen, zeroFen } from '#shared/money/fen.ts';
import { changes, expectedAttempt, opened, sumsFit } from '#shared/order/order-changes.ts';
import { isOrderFact, type OrderFactType } from '#shared/order/order-fact.ts';
import type { Order, OrderStateName, TallyBucket } from '#shared/order/order.ts';
import { isRefundFact, refundFits, withRefund } from '#shared/order/refunds.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { EntryFact, EntryType } from '#shared/wire/v1/entries.ts';

/** Where a fact can meet an order: before it exists, or in one of its states. */
export type OrderPlace = OrderStateName | 'none';

export interface OrderTransitionRefused {
  readonly type: 'order-transition-refused';
  readonly from: OrderPlace;
  readonly fact: EntryType;
  /**
   * `state`: not from here. `attempt`: about another attempt. `amount`: its sums contradict the order. `refund`: above
   * what is left, beside an open one, by another way, or about another number. `lines`: they do not follow each other,
   * or do not come to the price.
   */
  readonly why: 'state' | 'attempt' | 'amount' | 'refund' | 'lines' | 'not-an-order-fact';
}

const mayBegin = {
  'charge.held': 'held',
  'charge.submitted': 'submitting',
  'pos.sent': 'pos-sent',
  'cash.recorded': 'cash-recorded',
  'offline.accepted': 'offline-accepted',
  'offline.promised': 'promised',
  'order.voided': 'voided',
} as const;

const boxAnswers = {
  'pos.paid': 'pos-paid',
  'pos.failed': 'failed',
  'pos.unknown': 'pos-unknown',
} as const;

/** Money for an order that stands as not charged. */
const lateMoney = { 'charge.paid': 'manual', 'pos.paid': 'manual' } as const;

/** Money that goes back moves no order to another state: the sale was made, and its refunds stand beside it. */
const refunds = <S extends OrderStateName>(state: S) =>
  ({
    'refund.asked': state,
    'refund.done': state,
    'refund.failed': state,
    'refund.unknown': state,
  }) as const;

/** What may come about a sale that was made: it stays what it is. */
const beside = <S extends OrderStateName>(state: S) =>
  ({ ...refunds(state), 'coupon.given': state }) as const;

const definiteAnswers = {
  'charge.paid': 'paid',
  'charge.failed': 'failed',
  'charge.reversed': 'reversed',
  'charge.refunded-late': 'paid-then-refunded',
} as const;

/**
 * The order machine: how the facts of the journal move an order. Pure; the till and the cloud fold the same entries
 * with it and come to the same order, the same tally and the same answer to "may I charge again?".
 *
 * Laws (WeChat's code payment asks for a query before a reversal; a silent till never undoes a sale). Source:
 * https://pay.weixin.qq.com/wiki/doc/api/micropay.php?chapter=9_11
 * 1. `submitting`, `unknown` and `cancel-wanted` are left only by a definite answer of the channel.
 * 2. A new attempt, another channel or another tender starts only where nothing can have been charged.
 * 3. A definite "paid" after a definite "not charged" is a contradiction that people resolve: `manual`.
 * 4. `pos-sent` and `pos-unknown` are left only by the box POS's own word about this attempt.
 * 5. Money goes back only where it was taken, by the way it came, one refund at a time, never more than the amount
 *    (refunds.ts).
 * 6. A promise is no payment: only a person's word calls it kept or broken, and money that a channel or the box reports
 *    beside it is a contradiction that people resolve.
 */
export const orderMachine = createMachine<OrderPlace, OrderFactType>({
  none: { 'order.opened': 'draft' },
  draft: { ...mayBegin, 'order.lines': 'draft' },
  // A code in memory never left the till, so every way stays open; a second held scan replaces the first.
  held: { ...mayBegin, 'charge.expired': 'failed' },
  submitting: {
    ...definiteAnswers,
    'charge.unknown': 'unknown',
    'charge.cancel-wanted': 'cancel-wanted',
  },
  unknown: {
    ...definiteAnswers,
    'charge.unknown': 'unknown',
    'charge.cancel-wanted': 'cancel-wanted',
  },
  // The cancel may lose the race: the channel had taken the money already.
  'cancel-wanted': { ...definiteAnswers, 'charge.unknown': 'cancel-wanted' },
  paid: { 'charge.refunded-late': 'paid-then-refunded', ...beside('paid') },
  failed: { ...mayBegin, ...lateMoney },
  reversed: { ...mayBegin, 'charge.paid': 'manual', 'charge.refunded-late': 'paid-then-refunded' },
  'paid-then-refunded': {},
  'cash-recorded': beside('cash-recorded'),
  'offline-accepted': {
    'offline.settled': 'settled',
    'offline.debit-failed': 'debit-failed',
    'offline.duplicate': 'duplicate',
  },
  settled: beside('settled'),
  // The cloud may try the withholding again and succeed.
  'debit-failed': { 'offline.settled': 'settled' },
  duplicate: {},
  // Asking to cancel decides nothing: the box may have taken the money already.
  'pos-sent': { ...boxAnswers, 'pos.cancel-wanted': 'pos-sent' },
  'pos-paid': beside('pos-paid'),
  'pos-unknown': { ...boxAnswers, 'pos.cancel-wanted': 'pos-unknown' },
  promised: {
    'offline.promise-kept': 'promise-kept',
    'offline.promise-broken': 'promise-broken',
    ...lateMoney,
  },
  'promise-kept': beside('promise-kept'),
  'promise-broken': lateMoney,
  manual: { 'charge.reversed': 'reversed', 'charge.refunded-late': 'paid-then-refunded' },
  voided: lateMoney,
});

/**
 * What the order is after `fact`. `order` is undefined before `order.opened`; `at` is the entry's seq and wall time.
 * A fact that changes nothing or contradicts the order is refused: the till does not write it, the cloud parks it.
 */
export function applyFact(
  order: Order | undefined,
  fact: EntryFact,
  at: { readonly seq: number; readonly wallMs: number },
): Result<Order, OrderTransitionRefused> {
  const from: OrderPlace = order?.state ?? 'none';
  const refuse = (why: OrderTransitionRefused['why']) =>
    err({ type: 'order-transition-refused' as const, from, fact: fact.type, why });
  if (!isOrderFact(fact)) return refuse('not-an-order-fact');
  const state = orderMachine.propose(from, fact.type);
  if (state === undefined || state === 'none') return refuse('state');
  if (fact.type === 'order.opened') {
    return fact.body.voucherFen > fact.body.amountFen ? refuse('amount') : ok(opened(fact, at));
  }
  if (order === undefined) return refuse('state');
  if (isRefundFact(fact)) {
    if (!refundFits(order, fact)) return refuse('refund');
    return ok({ ...order, refunds: withRefund(order, fact, at), lastSeq: at.seq });
  }
  if (fact.type === 'order.lines') {
    const lines = withLines(
      order.lines,
      fact.body,
      addFen(order.amountFen, order.couponFen ?? zeroFen),
    );
    return lines === undefined ? refuse('lines') : ok({ ...order, lines, lastSeq: at.seq });
  }
  if ('attempt' in fact.body && fact.body.attempt !== expectedAttempt(order, fact)) {
    return refuse('attempt');
  }
  if (!sumsFit(order, fact)) return refuse('amount');
  return ok({ ...order, ...changes(order, fact, state), state, lastSeq: at.seq });
}

export type AttemptRefused = {
  readonly type: 'attempt-in-flight' | 'order-already-paid' | 'attempts-exhausted';
};

/**
 * The rescan guard: the number the next charge of this order may carry.
 * - `attempt-in-flight`: the last attempt has no definite result; query it.
 * - `order-already-paid`: money was taken, promised or given back; open a new order.
 * - `attempts-exhausted`: {@link attemptMax} attempts were made.
 */
export function nextAttempt(order: Order): Result<number, AttemptRefused> {
  if (orderMachine.propose(order.state, 'charge.submitted') === undefined) {
    return err({
      type: tallyBucket(order.state) === 'pending' ? 'attempt-in-flight' : 'order-already-paid',
    });
  }
  return order.attempt < attemptMax ? ok(order.attempt + 1) : err({ type: 'attempts-exhausted' });
}

/** May a new charge start, on whatever channel? Only when the last attempt is definitely failed or reversed. */
export const mayStartAttempt = (order: Order): boolean => nextAttempt(order).ok;

/** May another tender (cash, member code) take this order? The same guard, without a limit on attempts. */
export const mayTakeOtherTender = (order: Order): boolean =>
  orderMachine.propose(order.state, 'cash.recorded') !== undefined;

const buckets: Readonly<Record<OrderStateName, TallyBucket | undefined>> = {
  draft: undefined,
  held: undefined,
  submitting: 'pending',
  unknown: 'pending',
  'cancel-wanted': 'pending',
  paid: 'settled',
  failed: undefined,
  reversed: undefined,
  'paid-then-refunded': undefined,
  'cash-recorded': 'cash',
  'offline-accepted': 'offline',
  settled: 'settled',
  'debit-failed': 'offline',
  duplicate: 'offline',
  'pos-sent': 'pending',
  'pos-paid': 'settled',
  'pos-unknown': 'pending',
  promised: undefined,
  'promise-kept': undefined,
  'promise-broken': undefined,
  manual: 'pending',
  voided: undefined,
};

/** Which of the four sums of the day an order in this state belongs to; undefined when it is no turnover. */
export const tallyBucket = (state: OrderStateName): TallyBucket | undefined => buckets[state];
