import Type from 'typebox';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { newId, type OrderId } from '#shared/ids/ids.ts';
import type { Order } from '#shared/order/order.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import {
  couponHoldMs,
  CouponRedeemedSchema,
  type CouponRedeemed,
} from '#shared/wire/v1/promotion.ts';
import { isYoungId } from '#terminal/agent/business-time.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder, type StoredOrder } from '#terminal/agent/journal/order-rows.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';

/**
 * The partner coupon of the sale at hand. The cloud uses it up for one order, so a sale that
 * changes asks for it anew, under the same order id while that is young and not in the journal, else
 * under a new one after giving it back. The token lives in memory only.
 */
export interface CouponHolds {
  /** Uses a coupon for a sale of this gross amount. Errors: the cloud's refusal, `coupon-needs-network`. */
  readonly take: (token: string, grossFen: number) => Promise<Result<CouponRedeemed, ErrorCode>>;
  /** The order id under which the coupon at hand stands for a sale of this gross amount, asked for anew if need be. */
  readonly orderIdFor: (grossFen: number) => Promise<Result<OrderId, ErrorCode>>;
  /** May this order still go on with the coupon it was opened with? True for one without a coupon. */
  readonly isGood: (stored: StoredOrder) => boolean;
  /** The sale at hand goes on without it: the paper is good again, unless money may hang on it. Answers whether it is. */
  readonly giveBack: () => Promise<boolean>;
}

interface Hold {
  readonly token: string;
  readonly orderId: OrderId;
  /** Monotonic milliseconds until which the till may begin a sale with it; undefined: the cloud's answer was lost. */
  readonly untilMs: number | undefined;
  readonly minimumFen: number;
}

interface RedeemWish {
  readonly token: string;
  readonly orderId: OrderId;
  readonly grossFen: number;
  /** The paper was asked for before: it may stand under some sale, whatever the cloud says now. */
  readonly mayStand: boolean;
}

/** A cashier waits for these with a customer in front of him. */
const deskTimeoutMs = 5_000;
/** Taken off the cloud's time for the way there, and for the sale to be written down. */
const marginMs = 30_000;

/** Orders of which nothing can have been taken and nothing will be. */
const overWithoutMoney = new Set<Order['state']>(['draft', 'failed', 'reversed', 'voided']);

const DoneSchema = Type.Object({ done: Type.Boolean() });

const backRequest = (orderId: OrderId) => ({
  method: 'POST' as const,
  path: '/v1/promotion/coupons/back',
  body: { orderId },
  answer: DoneSchema,
  timeoutMs: deskTimeoutMs,
});

export function createCouponHolds(deps: {
  readonly journal: Journal;
  readonly cloud: Pick<CloudClient, 'call'>;
  /** The business's; see business-clock.ts. */
  readonly clock: Clock;
  readonly random: Random;
}): CouponHolds {
  const { journal, cloud, clock } = deps;
  let hold: Hold | undefined;

  const isSold = (orderId: OrderId): boolean => {
    const order = findOrder(journal.read, orderId)?.order;
    return order !== undefined && !overWithoutMoney.has(order.state);
  };
  const isFresh = ({ untilMs }: Hold): boolean =>
    untilMs !== undefined && clock.monotonicMs() < untilMs;

  const giveBack = async (): Promise<boolean> => {
    const given = hold;
    hold = undefined;
    if (!given || isSold(given.orderId)) return false;
    const answer = await cloud.call(backRequest(given.orderId));
    return answer.ok && answer.value.done;
  };

  const redeem = async (wish: RedeemWish): Promise<Result<CouponRedeemed, ErrorCode>> => {
    const { token, orderId, grossFen } = wish;
    const askedMs = clock.monotonicMs();
    // Kept before it is asked: when the answer is lost, the same paper goes on under the same number.
    hold = { token, orderId, untilMs: undefined, minimumFen: 0 };
    const answer = await cloud.call({
      method: 'POST',
      path: '/v1/promotion/coupons/redeem',
      body: { orderId, token, amountFen: grossFen },
      answer: CouponRedeemedSchema,
      timeoutMs: deskTimeoutMs,
    });
    if (answer.ok) {
      const { minimumFen } = answer.value;
      hold = { token, orderId, untilMs: askedMs + couponHoldMs - marginMs, minimumFen };
      return ok(answer.value);
    }
    if (answer.error.sent === 'yes' && !wish.mayStand) hold = undefined;
    return err(answer.error.sent === 'no' ? 'coupon-needs-network' : answer.error.code);
  };

  /** The id that this paper stands under, as long as its order never came about; else a new one. */
  const idFor = async (token: string): Promise<OrderId> => {
    const before =
      hold?.token === token && !findOrder(journal.read, hold.orderId) ? hold : undefined;
    if (before && isYoungId(before.orderId, clock.nowMs())) return before.orderId;
    const isGoodAgain = await giveBack();
    // Under another number the cloud would take it for a paper that was used before.
    if (before && !isGoodAgain) {
      hold = before;
      return before.orderId;
    }
    return newId('ord', deps);
  };

  return {
    giveBack,
    take: async (token, grossFen) => {
      const mayStand = hold?.token === token;
      return redeem({ token, orderId: await idFor(token), grossFen, mayStand });
    },
    orderIdFor: async (grossFen) => {
      if (!hold) return err('coupon-unknown');
      const { token } = hold;
      const orderId = await idFor(token);
      if (hold?.orderId === orderId && isFresh(hold) && grossFen >= hold.minimumFen)
        return ok(orderId);
      const redeemed = await redeem({ token, orderId, grossFen, mayStand: true });
      return redeemed.ok ? ok(orderId) : redeemed;
    },
    isGood: ({ order }) =>
      order.couponFen === undefined || (hold?.orderId === order.orderId && isFresh(hold)),
  };
}
