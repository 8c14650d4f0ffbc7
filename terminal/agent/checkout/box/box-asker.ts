import type { Timers } from '#drivers/core/timers.ts';
import type { BoxOutcome, BoxPos } from '#drivers/ecr/box-pos.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Order } from '#shared/order/order.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { decideOnBox, intentOf } from '#terminal/agent/checkout/box/box-decisions.ts';
import { isBoxOfSale } from '#terminal/agent/checkout/box/box-of-sale.ts';
import {
  findAtBox,
  freshSale,
  hear,
  hearQuery,
  look,
  openBoxStates,
  type FollowedSale,
} from '#terminal/agent/checkout/box/followed-box-sale.ts';
import { createPacedWork } from '#terminal/agent/checkout/paced-work.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { ordersIn } from '#terminal/agent/journal/order-rows.ts';
import { addSetAside, type SetAside } from '#terminal/agent/uplink/set-aside.ts';

/** Takes one sale to the box and asks about it until it is definite, then the next that a former run left. */
export interface BoxAsker {
  /** The sale at the box or in doubt; undefined while there is none. */
  readonly followed: () => FollowedSale | undefined;
  readonly sell: (orderId: OrderId) => void;
  /** Ask now instead of after the pause. */
  readonly hurry: (one: FollowedSale) => void;
  /** The box said what became of the sale, asked or not. */
  readonly settle: (one: FollowedSale, kind: 'sale' | 'query', outcome: BoxOutcome) => void;
  /** The sale is asked about no more. */
  readonly release: (one: FollowedSale) => void;
  /** Takes up the attempt that a former run left without a definite result. */
  readonly resume: () => void;
  readonly isStopped: () => boolean;
  readonly stop: () => Promise<void>;
}

export interface BoxAskerDeps {
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
export const askPauseMs = 15_000;
/** A query that could not leave costs nothing; the box's return is seen by itself as well. */
const unsentPauseMs = 3_000;
/** A sale in doubt is asked about at once. */
const firstAskPauseMs = 1_000;

const pauseAfter = (kind: 'sale' | 'query', { type }: BoxOutcome): number => {
  if (kind === 'sale') return firstAskPauseMs;
  return type === 'not-sent' ? unsentPauseMs : askPauseMs;
};

export function createBoxAsker(deps: BoxAskerDeps): BoxAsker {
  const { journal, boxPos } = deps;
  let followed: FollowedSale | undefined;
  let stopped = false;

  const follow = (orderId: OrderId, isResumed: boolean): FollowedSale => {
    if (followed?.orderId === orderId) return followed;
    followed?.pace.cancelPause();
    const pace = createPacedWork(deps.timers, () => stopped);
    followed = freshSale(orderId, isResumed, pace);
    return followed;
  };

  const sell = async (one: FollowedSale): Promise<void> => {
    const [order, box] = [findAtBox(journal, one.orderId), boxPos()];
    if (!order || !box) return askLater(one);
    settle(one, 'sale', await box.sale(intentOf(order)));
  };

  const ask = async (one: FollowedSale): Promise<void> => {
    const [order, box] = [findAtBox(journal, one.orderId), boxPos()];
    if (!order) return release(one);
    if (!box) return askLater(one);
    const outcome = await queryOwn(journal, order, box);
    hearQuery(one, outcome);
    settle(one, 'query', outcome);
  };
  const askLater = (one: FollowedSale, pauseMs = unsentPauseMs): void =>
    one.pace.beginLater(pauseMs, () => ask(one));

  const settle = (one: FollowedSale, kind: 'sale' | 'query', outcome: BoxOutcome): void => {
    if (stopped || followed !== one) return;
    one.pace.answered();
    const [order, status] = [findAtBox(journal, one.orderId), boxPos()?.status()];
    if (order && status) look(one, order, status);
    hear(one, outcome);
    if (!order) return release(one);
    const kept = keep(deps, order, kind, outcome);
    if (kept === 'done') release(one);
    else askLater(one, kept === 'ask' ? pauseAfter(kind, outcome) : unsentPauseMs);
    deps.onProgress(one.orderId);
  };

  const release = (one: FollowedSale): void => {
    one.pace.cancelPause();
    if (followed === one) followed = undefined;
    resume();
  };

  const resume = (): void => {
    if (stopped || followed) return;
    const [open] = ordersIn(journal.read, openBoxStates);
    if (!open) return;
    const one = follow(open.order.orderId, true);
    one.pace.begin(() => ask(one));
  };

  return {
    followed: () => followed,
    sell: (orderId) => {
      const one = follow(orderId, false);
      one.pace.begin(() => sell(one));
    },
    hurry: (one) => one.pace.hurry(() => ask(one)),
    settle,
    release,
    resume,
    isStopped: () => stopped,
    stop: async () => {
      stopped = true;
      followed?.pace.cancelPause();
      await followed?.pace.ended();
    },
  };
}

/** Only the box that was given the sale can tell; another one would deny it in good faith. */
const queryOwn = async ({ read }: Journal, order: Order, box: BoxPos): Promise<BoxOutcome> => {
  const intent = intentOf(order);
  return isBoxOfSale(read, intent.merchantOrderNo, box)
    ? box.query(intent)
    : { type: 'unknown', code: 'box-other-sale' };
};

/**
 * Journals what an outcome means for its order, and tells what comes next; `refused` when the disk did: the box is
 * asked again until its answer can be kept.
 */
function keep(
  deps: BoxAskerDeps,
  order: Order,
  kind: 'sale' | 'query',
  outcome: BoxOutcome,
): 'done' | 'ask' | 'refused' {
  const { orderId } = order;
  const { facts, next } = decideOnBox(order, kind, { outcome, nowMs: deps.clock.nowMs() });
  if (facts.length === 0) return next;
  const kept = deps.journal.append([...facts, ...deps.alongside(orderId, facts)], (tx) =>
    addSetAside(tx, leftBehind(deps, orderId, facts)),
  );
  return kept.ok ? next : 'refused';
}

/** Money for a sale that the cashier had let go: the customer may have paid it otherwise, so people look at it. */
const leftBehind = (
  { isAtCounter, clock }: BoxAskerDeps,
  orderId: OrderId,
  facts: readonly EntryFact[],
): readonly SetAside[] =>
  facts.some(({ type }) => type === 'pos.paid') && !isAtCounter(orderId)
    ? [{ orderId, code: 'box-paid-after-cancel', sinceMs: clock.nowMs() }]
    : [];
