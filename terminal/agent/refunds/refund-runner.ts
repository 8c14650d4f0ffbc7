import type { Timers } from '#drivers/core/timers.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { OrderRefund } from '#shared/order/order.ts';
import { openRefundOf } from '#shared/order/refunds.ts';
import type { Random } from '#shared/time/random.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { RefundSchema, type RefundRequest } from '#shared/wire/v1/refunds.ts';
import { createPacedWork, type PacedWork } from '#terminal/agent/checkout/paced-work.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder, ordersWithRefund } from '#terminal/agent/journal/order-rows.ts';
import { decideOnRefund } from '#terminal/agent/refunds/refund-decisions.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import type { Link } from '#terminal/agent/uplink/link.ts';

/** Sends refunds by a channel, and asks about them until each is definite. */
export interface RefundRunner {
  /** The refund is journaled: send it. */
  readonly send: (orderId: OrderId) => void;
  /** Takes up every refund without a definite result: at start, and when the line comes back. */
  readonly resume: () => void;
  readonly stop: () => Promise<void>;
}

export interface RefundRunnerDeps {
  readonly journal: Journal;
  readonly cloud: CloudClient;
  readonly link: Pick<Link, 'onChange'>;
  readonly timers: Timers;
  readonly random: Random;
  /** The paper of a refund that went through; none without a printer. */
  readonly slipOf: (orderId: OrderId, refundNo: number) => readonly EntryFact[];
}

/** The cloud asks the channel within 10 s; the rest is for the way. */
const refundTimeoutMs = 14_000;
/** The longest pause between two questions; the first is as short as this doubled down. */
const pauseMsMax = 60_000;
const firstPauseMs = 1_000;
/** So many refunds are followed at once; the others are taken up when one of them is over. */
const followedMax = 16;

interface Followed {
  readonly pace: PacedWork;
  tries: number;
}

/** The same request each time: the cloud does nothing twice under one number. */
function sendRefund(cloud: CloudClient, orderId: OrderId, open: OrderRefund) {
  const { refundNo, amountFen, cashier, reason } = open;
  const body: RefundRequest = { refundNo, amountFen, cashier, reason };
  return cloud.call({
    method: 'POST',
    path: `/v1/orders/${orderId}/refunds`,
    body,
    answer: RefundSchema,
    timeoutMs: refundTimeoutMs,
  });
}

/** Twice as long after each try, between half of it and the whole. */
const pauseMs = (tries: number, random: Random): number => {
  const ceilingMs = Math.min(pauseMsMax, firstPauseMs * 2 ** Math.min(tries, 16));
  return Math.trunc(ceilingMs * (1 + random.unit()) * 0.5);
};

export function createRefundRunner(deps: RefundRunnerDeps): RefundRunner {
  const { journal, cloud, timers } = deps;
  const followed = new Map<OrderId, Followed>();
  let isStopped = false;

  const follow = (orderId: OrderId): Followed => {
    const one = followed.get(orderId) ?? {
      pace: createPacedWork(timers, () => isStopped),
      tries: 0,
    };
    followed.set(orderId, one);
    return one;
  };

  const ask = async (orderId: OrderId, one: Followed, isFirst: boolean): Promise<void> => {
    const order = findOrder(journal.read, orderId)?.order;
    const open = order && openRefundOf(order);
    if (!open) return finish(orderId);
    const { refundNo } = open;
    const answer = await sendRefund(cloud, orderId, open);
    if (isStopped) return;
    one.pace.answered();
    one.tries += 1;
    const refund = findOrder(journal.read, orderId)?.order;
    const still = refund && openRefundOf(refund);
    if (still?.refundNo !== refundNo) return finish(orderId);
    const decision = decideOnRefund({ orderId, refund: still }, answer, { isFirst });
    const isDone = decision.facts.some(({ type }) => type === 'refund.done');
    const paper = isDone ? deps.slipOf(orderId, refundNo) : [];
    const isKept = decision.facts.length === 0 || journal.append([...decision.facts, ...paper]).ok;
    // When the disk refused, the outcome is asked for again until it can be kept.
    if (isKept && decision.isOver) finish(orderId);
    else one.pace.beginLater(pauseMs(one.tries, deps.random), () => ask(orderId, one, false));
  };

  const finish = (orderId: OrderId): void => {
    followed.delete(orderId);
    resume();
  };
  const resume = (): void => {
    if (isStopped) return;
    for (const { order } of ordersWithRefund(journal.read, ['asked', 'unknown'])) {
      if (followed.size >= followedMax) return;
      const { orderId } = order;
      if (followed.has(orderId)) continue;
      const one = follow(orderId);
      one.pace.begin(() => ask(orderId, one, false));
    }
  };
  deps.link.onChange((online) => {
    if (!online) return;
    for (const [orderId, one] of followed) one.pace.hurry(() => ask(orderId, one, false));
    resume();
  });

  return {
    send: (orderId) => {
      const one = follow(orderId);
      one.pace.begin(() => ask(orderId, one, true));
    },
    resume,
    stop: async () => {
      isStopped = true;
      const rest = [...followed.values()];
      for (const { pace } of rest) pace.cancelPause();
      await Promise.all(rest.map(({ pace }) => pace.ended()));
    },
  };
}
