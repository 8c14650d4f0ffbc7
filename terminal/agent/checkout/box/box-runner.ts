import type { BoxLateOutcome } from '#drivers/ecr/box-pos.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Order } from '#shared/order/order.ts';
import {
  askPauseMs,
  createBoxAsker,
  type BoxAskerDeps,
} from '#terminal/agent/checkout/box/box-asker.ts';
import { intentOf } from '#terminal/agent/checkout/box/box-decisions.ts';
import {
  findAtBox,
  isForPeople,
  look,
  progressOf,
  type BoxProgress,
  type FollowedSale,
} from '#terminal/agent/checkout/box/followed-box-sale.ts';
import { keepLateOutcome } from '#terminal/agent/checkout/box/late-box-outcome.ts';

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

export function createBoxRunner(deps: BoxAskerDeps): BoxRunner {
  const { journal, boxPos, timers } = deps;
  const asker = createBoxAsker(deps);
  let wasReachable = false;

  const isReachable = (): boolean => boxPos()?.status().link.type === 'online';

  const find = (orderId: OrderId): FollowedSale | undefined => {
    const one = asker.followed();
    return one?.orderId === orderId ? one : undefined;
  };

  const heardLate = (late: BoxLateOutcome): void => {
    if (asker.isStopped()) return;
    const one = asker.followed();
    const open = one && findAtBox(journal, one.orderId);
    if (one && open && intentOf(open).merchantOrderNo === late.merchantOrderNo)
      return asker.settle(one, 'query', late.outcome);
    if (!keepLateOutcome(deps, late)) timers.after(askPauseMs, () => heardLate(late));
  };

  return {
    submit: asker.sell,
    askNow: (orderId) => {
      const one = find(orderId);
      if (one) asker.hurry(one);
    },
    close: (orderId) => {
      const [one, order, box] = [find(orderId), findAtBox(journal, orderId), boxPos()];
      if (!one || !order) return;
      one.cancelAsked = true;
      // While a query runs, its answer tells whether the box gave the sale up.
      if (box && !asker.isStopped())
        void box.close(intentOf(order)).then(() => one.pace.isRunning() || asker.hurry(one));
      deps.onProgress(orderId);
    },
    resume: asker.resume,
    mayDecide: (orderId) => {
      const one = find(orderId);
      return one !== undefined && isForPeople(one, findAtBox(journal, orderId));
    },
    decided: (order) => {
      boxPos()?.release(intentOf(order).merchantOrderNo);
      const one = find(order.orderId);
      if (one) asker.release(one);
    },
    boxChanged: () => {
      // Devices go on changing while the till stops; its journal may be closed by then.
      if (asker.isStopped()) return;
      const reachable = isReachable();
      const cameBack = reachable && !wasReachable;
      wasReachable = reachable;
      const one = asker.followed();
      if (!one) return;
      const [order, status] = [findAtBox(journal, one.orderId), boxPos()?.status()];
      if (order && status) look(one, order, status);
      if (cameBack && !one.pace.isRunning()) asker.hurry(one);
      deps.onProgress(one.orderId);
    },
    heardLate,
    progressOf: (orderId) => {
      const one = find(orderId);
      return one && progressOf(one, isReachable());
    },
    stop: asker.stop,
  };
}
