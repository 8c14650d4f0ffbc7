import type { Timers } from '#drivers/core/timers.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Random } from '#shared/time/random.ts';
import { createPacedWork, type PacedWork } from '#terminal/agent/checkout/paced-work.ts';

/** Where an attempt stands at the channel, for the screen; not worth an entry. */
export interface ChargeProgress {
  readonly waitingPayer: boolean;
  readonly deadlineMs: number | undefined;
  readonly code: ErrorCode | undefined;
}

/** What is remembered of an order between two requests about it. */
export interface Followed {
  progress: ChargeProgress | undefined;
  /** The cloud has heard that the cashier wants to cancel. */
  cancelHeard: boolean;
  /** The cloud does not know the attempt: the next request closes its number. */
  isToClose: boolean;
}

type Work = (followed: Followed) => Promise<void>;

/** Which orders are being asked about, and when each is asked next: one request per order at a time. */
export interface FollowedCharges {
  readonly find: (orderId: OrderId) => Followed | undefined;
  readonly isFull: () => boolean;
  /** Runs `work` unless a request about this order is running. */
  readonly begin: (orderId: OrderId, work: Work) => void;
  /** The running request of this order has its answer: the next may begin. */
  readonly answered: (orderId: OrderId) => void;
  /** Runs `work` after a pause, or at once when somebody asked for it meanwhile. */
  readonly beginLater: (orderId: OrderId, work: Work) => void;
  /** Runs `work` now, or as soon as the running request has ended. */
  readonly hurry: (orderId: OrderId, work: Work) => void;
  readonly drop: (orderId: OrderId) => void;
  readonly stop: () => Promise<void>;
}

const pauseMsMin = 3_000;
const pauseMsSpread = 2_000;
/** Attempts that are asked about at the same time; more wait their turn. */
const followedMax = 20;

interface Entry extends Followed {
  readonly pace: PacedWork;
}

export function createFollowedCharges(deps: {
  readonly timers: Timers;
  readonly random: Random;
}): FollowedCharges {
  const entries = new Map<OrderId, Entry>();
  let stopped = false;

  const entryOf = (orderId: OrderId): Entry => {
    const entry = entries.get(orderId) ?? {
      progress: undefined,
      cancelHeard: false,
      isToClose: false,
      pace: createPacedWork(deps.timers, () => stopped),
    };
    entries.set(orderId, entry);
    return entry;
  };

  const begin = (orderId: OrderId, work: Work): void => {
    const entry = entryOf(orderId);
    entry.pace.begin(() => work(entry));
  };

  return {
    find: (orderId) => entries.get(orderId),
    isFull: () => entries.size >= followedMax,
    begin,
    answered: (orderId) => entries.get(orderId)?.pace.answered(),
    beginLater: (orderId, work) => {
      const entry = entryOf(orderId);
      const pauseMs = pauseMsMin + deps.random.unit() * pauseMsSpread;
      entry.pace.beginLater(pauseMs, () => work(entry));
    },
    hurry: (orderId, work) => {
      const entry = entryOf(orderId);
      entry.pace.hurry(() => work(entry));
    },
    drop: (orderId) => {
      entries.get(orderId)?.pace.cancelPause();
      entries.delete(orderId);
    },
    stop: async () => {
      stopped = true;
      for (const { pace } of entries.values()) pace.cancelPause();
      for (const { pace } of entries.values()) await pace.ended();
    },
  };
}
