import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';
import type { BoxLateOutcome, BoxOutcome, BoxPos, BoxStatus } from '#drivers/ecr/box-pos.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Order } from '#shared/order/order.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { decideOnBox, forPeople, intentOf } from '#terminal/agent/checkout/box-decisions.ts';
import { addSetAside, type SetAside } from '#terminal/agent/uplink/set-aside.ts';
import { keepLateOutcome } from '#terminal/agent/checkout/late-box-outcome.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder, ordersIn } from '#terminal/agent/journal/order-rows.ts';

/** Takes sales to the box POS and asks it about them until every one is definite. Never starts a sale by itself. */
export interface BoxRunner {
  /** `pos.sent` is journaled: take it to the box. */
  readonly submit: (orderId: OrderId) => void;
  /** Ask now instead of after the pause. */
  readonly askNow: (orderId: OrderId) => void;
  /** The cashier wants to cancel, which is in the journal: ask the box to give the sale up. */
  readonly close: (orderId: OrderId) => void;
  /** Takes up the attempt that a former run left without a definite result. */
  readonly resume: () => void;
  /**
   * Has the box been asked in vain, so that a person may read its slips instead? False for an order that is not at it.
   */
  readonly mayDecide: (orderId: OrderId) => boolean;
  /** A person decided, which is in the journal: the box is free again as far as this sale goes. */
  readonly decided: (order: Order) => void;
  /** The box came, went, or went a step further with a sale. */
  readonly boxChanged: () => void;
  /** The box told late, and by itself, what became of a sale. */
  readonly heardLate: (late: BoxLateOutcome) => void;
  readonly progressOf: (orderId: OrderId) => BoxProgress | undefined;
  readonly stop: () => Promise<void>;
}

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

export interface BoxRunnerDeps {
  readonly journal: Journal;
  readonly boxPos: () => BoxPos | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  /** More facts for the same transaction, such as the receipt of a paid order. */
  readonly alongside: (orderId: OrderId, facts: readonly EntryFact[]) => readonly EntryFact[];
  /** Does the counter still deal with this order? */
  readonly isAtCounter: (orderId: OrderId) => boolean;
  readonly onProgress: (orderId: OrderId) => void;
}

/** The driver asks by its own policy for about a minute before it says `unknown`: then it is asked again after this. */
const askPauseMs = 15_000;
/** A query that could not leave costs nothing; the box's return is seen by itself as well. */
const unsentPauseMs = 3_000;

/** A sale in doubt is asked about at once. */
const firstAskPauseMs = 1_000;

const pauseAfter = (kind: 'sale' | 'query', { type }: BoxOutcome): number => {
  if (kind === 'sale') return firstAskPauseMs;
  return type === 'not-sent' ? unsentPauseMs : askPauseMs;
};

/** The one sale that is at the box or in doubt: while there is one, the box takes no other. */
interface Followed {
  readonly orderId: OrderId;
  readonly isResumed: boolean;
  running: Promise<void> | undefined;
  isUrgent: boolean;
  cancelPause: () => void;
  seen: Pick<BoxProgress, 'sent' | 'acknowledged' | 'answered' | 'queryCount'>;
  code: ErrorCode | undefined;
  cancelAsked: boolean;
  /** A query after the wish to cancel brought nothing definite. */
  isFruitless: boolean;
  /** A query, of whatever time, brought nothing definite. */
  isAskedInVain: boolean;
}

export function createBoxRunner(deps: BoxRunnerDeps): BoxRunner {
  const { journal, boxPos, timers } = deps;
  let followed: Followed | undefined;
  let wasReachable = false;
  let stopped = false;

  const follow = (orderId: OrderId, isResumed: boolean): Followed => {
    if (followed?.orderId === orderId) return followed;
    followed?.cancelPause();
    followed = freshFollowed(orderId, isResumed);
    return followed;
  };

  const begin = (one: Followed, work: () => Promise<void>): void => {
    if (stopped || one.running) return;
    const promise = work().finally(() => {
      if (one.running === promise) one.running = undefined;
    });
    one.running = promise;
  };

  const sell = async (one: Followed): Promise<void> => {
    const [order, box] = [findOpen(journal, one.orderId), boxPos()];
    if (!order || !box) return askLater(one);
    const outcome = await box.sale(intentOf(order));
    settle(one, 'sale', outcome);
  };

  const ask = async (one: Followed): Promise<void> => {
    const [order, box] = [findOpen(journal, one.orderId), boxPos()];
    if (!order) return release(one);
    if (!box) return askLater(one);
    const outcome = await box.query(intentOf(order));
    if (outcome.type === 'unknown' || outcome.type === 'not-sent') {
      one.isAskedInVain = true;
      one.isFruitless = one.cancelAsked;
    }
    settle(one, 'query', outcome);
  };

  const askLater = (one: Followed, pauseMs = unsentPauseMs): void => {
    one.cancelPause();
    const isUrgent = one.isUrgent;
    one.isUrgent = false;
    one.cancelPause = timers.after(isUrgent ? 0 : pauseMs, () => begin(one, () => ask(one)));
  };

  const settle = (one: Followed, kind: 'sale' | 'query', outcome: BoxOutcome): void => {
    if (stopped || followed !== one) return;
    one.running = undefined;
    look(one);
    if ('code' in outcome) one.code = outcome.code;
    one.seen = { ...one.seen, answered: outcome.type !== 'not-sent' && outcome.type !== 'unknown' };
    const order = findOpen(journal, one.orderId);
    if (!order) return release(one);
    const decision = decideOnBox(order, kind, { outcome, nowMs: deps.clock.nowMs() });
    const { facts } = decision;
    const isKept =
      facts.length === 0 ||
      journal.append([...facts, ...deps.alongside(one.orderId, facts)], (tx) =>
        addSetAside(tx, leftBehind(deps, one.orderId, facts)),
      ).ok;
    // When the disk refused, the box is asked again until its answer can be kept.
    if (isKept && decision.next === 'done') release(one);
    else askLater(one, isKept ? pauseAfter(kind, outcome) : unsentPauseMs);
    deps.onProgress(one.orderId);
  };

  const release = (one: Followed): void => {
    one.cancelPause();
    if (followed === one) followed = undefined;
    resume();
  };

  const resume = (): void => {
    if (stopped || followed) return;
    const [open] = ordersIn(journal.read, openStates);
    if (!open) return;
    const one = follow(open.order.orderId, true);
    begin(one, () => ask(one));
  };

  const look = (one: Followed): void => {
    const [order, status] = [findOpen(journal, one.orderId), boxPos()?.status()];
    if (order && status) one.seen = seenBy(one, order, status);
  };

  const isReachable = (): boolean => boxPos()?.status().link.type === 'online';

  const hurry = (one: Followed): void => {
    if (one.running) {
      one.isUrgent = true;
      return;
    }
    one.cancelPause();
    begin(one, () => ask(one));
  };

  const isPresent = (orderId: OrderId): Followed | undefined =>
    followed?.orderId === orderId ? followed : undefined;

  const heardLate = (late: BoxLateOutcome): void => {
    if (stopped) return;
    const one = followed;
    const open = one && findOpen(journal, one.orderId);
    if (one && open && intentOf(open).merchantOrderNo === late.merchantOrderNo)
      return settle(one, 'query', late.outcome);
    if (!keepLateOutcome(deps, late)) timers.after(askPauseMs, () => heardLate(late));
  };

  return {
    submit: (orderId) => {
      const one = follow(orderId, false);
      begin(one, () => sell(one));
    },
    askNow: (orderId) => {
      const one = isPresent(orderId);
      if (one) hurry(one);
    },
    close: (orderId) => {
      const [one, order, box] = [isPresent(orderId), findOpen(journal, orderId), boxPos()];
      if (!one || !order) return;
      one.cancelAsked = true;
      if (box && !stopped) void box.close(intentOf(order)).then(() => one.running ?? hurry(one));
      deps.onProgress(orderId);
    },
    resume,
    mayDecide: (orderId) => {
      const one = isPresent(orderId);
      const order = findOpen(journal, orderId);
      if (!one || order?.state !== 'pos-unknown') return false;
      return one.isAskedInVain || (order.reason !== undefined && forPeople.has(order.reason));
    },
    decided: (order) => {
      boxPos()?.release(intentOf(order).merchantOrderNo);
      const one = isPresent(order.orderId);
      if (one) release(one);
    },
    boxChanged: () => {
      // Devices go on changing while the till stops; its journal may be closed by then.
      if (stopped) return;
      const reachable = isReachable();
      const cameBack = reachable && !wasReachable;
      wasReachable = reachable;
      const one = followed;
      if (!one) return;
      look(one);
      if (cameBack && !one.running) hurry(one);
      deps.onProgress(one.orderId);
    },
    heardLate,
    progressOf: (orderId) => {
      const one = isPresent(orderId);
      return one && progressOf(one, isReachable());
    },
    stop: async () => {
      stopped = true;
      followed?.cancelPause();
      await followed?.running;
    },
  };
}

/** How far the sale is, as the driver tells; what a former run did of it the driver does not know. */
function seenBy({ seen, isResumed }: Followed, order: Order, status: BoxStatus): Followed['seen'] {
  const { progress } = status;
  if (!progress || status.merchantOrderNo !== intentOf(order).merchantOrderNo) return seen;
  const { sent, acknowledged } = isResumed ? seen : progress;
  return { sent, acknowledged, answered: progress.answered, queryCount: progress.queryCount };
}

function progressOf(one: Followed, isReachable: boolean): BoxProgress {
  const { seen, code, cancelAsked, isFruitless } = one;
  const isForPeople = code !== undefined && forPeople.has(code);
  const mayLeave = cancelAsked && (!isReachable || isFruitless || isForPeople);
  return { ...seen, code, cancelAsked, mayLeave };
}

/** Money for a sale that the cashier had let go: the customer may have paid it otherwise, so people look at it. */
const leftBehind = (
  { isAtCounter, clock }: BoxRunnerDeps,
  orderId: OrderId,
  facts: readonly EntryFact[],
): readonly SetAside[] =>
  facts.some(({ type }) => type === 'pos.paid') && !isAtCounter(orderId)
    ? [{ orderId, code: 'box-paid-after-cancel', sinceMs: clock.nowMs() }]
    : [];

const openStates = ['pos-sent', 'pos-unknown'] as const;

/** The order, while its attempt at the box has no definite result. */
function findOpen(journal: Journal, orderId: OrderId): Order | undefined {
  const order = findOrder(journal.read, orderId)?.order;
  return order?.state === 'pos-sent' || order?.state === 'pos-unknown' ? order : undefined;
}

const freshFollowed = (orderId: OrderId, isResumed: boolean): Followed => ({
  orderId,
  isResumed,
  running: undefined,
  isUrgent: false,
  cancelPause: nothingScheduled,
  seen: isResumed
    ? { sent: null, acknowledged: null, answered: false, queryCount: 0 }
    : { sent: false, acknowledged: false, answered: false, queryCount: 0 },
  code: undefined,
  cancelAsked: false,
  isFruitless: false,
  isAskedInVain: false,
});
