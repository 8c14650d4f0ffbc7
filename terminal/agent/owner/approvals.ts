import type { Clock } from '#shared/time/clock.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Random } from '#shared/time/random.ts';
import type { OwnerAction, OwnerWish } from '#terminal/ipc/owner.ts';

/** How long an approval waits for the action that it is for. */
export const approvalMs = 60_000;
/** How long the owner's time at the settings lasts. */
export const unlockMs = 300_000;
/** More than one person at one till can have open; the oldest goes. */
const approvalsMax = 8;
const approvalIdBytes = 16;

/** What was approved: the action, and what it is done to. */
interface Approved {
  readonly action: OwnerAction;
  readonly subject: string;
}

/**
 * What a wish is about, in one text: the order and sum that the owner saw. An approval of 5 yuan
 * back pays no 500, and one of a slip that says nothing was paid does not call the sale paid. Pure.
 */
export function approvedOf(wish: OwnerWish, saleOnScreen: () => string): Approved {
  const { action } = wish;
  switch (action) {
    case 'till.payPromise':
      return { action, subject: saleOnScreen() };
    case 'orders.refund':
      return { action, subject: `${wish.orderId} ${wish.amountFen}` };
    case 'orders.breakPromise':
      return { action, subject: wish.orderId };
    case 'orders.decideBox':
      return { action, subject: `${wish.orderId} ${wish.boxRef ?? ''}` };
    case 'drawer.open':
    case 'owner.setRules':
      return { action, subject: '' };
    default:
      return exhaustive(wish);
  }
}

/** What the owner has approved and opened, in memory only: a restart takes all of it back. Monotonic time. */
export interface Approvals {
  /** Makes an approval for one action on one thing. */
  readonly give: (wanted: Approved) => string;
  /** Uses it up. False: unknown, used, too old, or for something else (which uses it up too). */
  readonly take: (approvalId: string, wanted: Approved) => boolean;
  readonly open: () => void;
  /** Milliseconds that the owner's time still lasts; 0: it is over. */
  readonly openForMs: () => number;
  readonly close: () => void;
  /** Takes everything back. */
  readonly clear: () => void;
}

export function createApprovals({
  clock,
  random,
}: {
  readonly clock: Clock;
  readonly random: Random;
}): Approvals {
  const given = new Map<string, Approved & { readonly untilMs: number }>();
  let openUntilMs = 0;
  return {
    give: (wanted) => {
      const approvalId = Buffer.from(random.bytes(approvalIdBytes)).toString('base64url');
      given.set(approvalId, { ...wanted, untilMs: clock.monotonicMs() + approvalMs });
      for (const [oldest] of given) {
        if (given.size <= approvalsMax) break;
        given.delete(oldest);
      }
      return approvalId;
    },
    take: (approvalId, { action, subject }) => {
      const found = given.get(approvalId);
      given.delete(approvalId);
      if (found === undefined || clock.monotonicMs() >= found.untilMs) return false;
      return found.action === action && found.subject === subject;
    },
    open: () => {
      openUntilMs = clock.monotonicMs() + unlockMs;
    },
    openForMs: () => Math.max(0, openUntilMs - clock.monotonicMs()),
    close: () => {
      openUntilMs = 0;
    },
    clear: () => {
      given.clear();
      openUntilMs = 0;
    },
  };
}
