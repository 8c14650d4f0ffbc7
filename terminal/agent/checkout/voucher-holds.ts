import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { newId, type OrderId } from '#shared/ids/ids.ts';
import type { Order } from '#shared/order/order.ts';
import { ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { Reservation } from '#shared/wire/v1/members.ts';
import { isYoungId } from '#terminal/agent/business-time.ts';
import type { MemberDesk } from '#terminal/agent/checkout/member-desk.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder, type StoredOrder } from '#terminal/agent/journal/order-rows.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';

/**
 * The vouchers that the cloud sets aside for the sale at hand. A reservation belongs to one order, one member and one
 * amount, and lapses after five minutes. So a changed sale never goes on with it: it asks anew, under the same order
 * id while that is young and not in the journal, else under a new one after giving the old vouchers back.
 */
export interface VoucherHolds {
  /** Sets vouchers aside for a sale of this amount and says under which order id. Errors: `voucher-unavailable`. */
  readonly reserve: (sale: {
    readonly memberId: string;
    readonly amountFen: number;
    /** The id that the sale has already; absent: the desk finds one. */
    readonly orderId?: OrderId | undefined;
  }) => Promise<Result<ReservedSale, ErrorCode>>;
  /** May this order still be charged with the vouchers it was opened with? True for one without vouchers. */
  readonly isGood: (stored: StoredOrder) => boolean;
  /** The sale at hand is not going on with its vouchers: the member gets them back, unless money may hang on them. */
  readonly giveBack: () => Promise<void>;
}

export interface ReservedSale {
  readonly orderId: OrderId;
  readonly reservation: Reservation;
}

interface Hold {
  readonly orderId: OrderId;
  readonly memberId: string;
  readonly expiresAtMs: number;
}

/** The cloud charges only what stays set aside for 90 s more; the rest is for the way there. */
export const holdNeededMs = 100_000;

/** Orders of which nothing can have been taken and nothing will be: only their vouchers may be given back. */
const overWithoutMoney = new Set<Order['state']>(['draft', 'failed', 'reversed', 'voided']);

export function createVoucherHolds(deps: {
  readonly journal: Journal;
  readonly cloud: Pick<CloudClient, 'cloudNowMs'>;
  readonly desk: Pick<MemberDesk, 'reserve' | 'giveBack'>;
  /** The business's; see business-clock.ts. */
  readonly clock: Clock;
  readonly random: Random;
}): VoucherHolds {
  const { desk, journal } = deps;
  let hold: Hold | undefined;

  const giveBack = async (): Promise<void> => {
    const given = hold;
    const order = given && findOrder(journal.read, given.orderId)?.order;
    if (!given || (order && !overWithoutMoney.has(order.state))) return;
    hold = undefined;
    await desk.giveBack(given);
  };

  /** A reservation whose order never came about is replaced by asking again under the same order id. */
  const reusableId = (memberId: string): OrderId | undefined =>
    hold?.memberId === memberId &&
    !findOrder(journal.read, hold.orderId) &&
    isYoungId(hold.orderId, deps.clock.nowMs())
      ? hold.orderId
      : undefined;

  return {
    giveBack,
    reserve: async ({ memberId, amountFen, orderId: given }) => {
      const reusable = reusableId(memberId);
      const reused = given === undefined || given === reusable ? reusable : undefined;
      if (reused === undefined) await giveBack();
      const orderId = reused ?? given ?? newId('ord', deps);
      const reserved = await desk.reserve({ orderId, memberId, amountFen });
      if (!reserved.ok) return reserved;
      hold = { orderId, memberId, expiresAtMs: reserved.value.expiresAtMs };
      return ok({ orderId, reservation: reserved.value });
    },
    isGood: ({ order }) => {
      if (order.voucherFen === 0) return true;
      if (order.reason === 'voucher-reservation-invalid' || hold?.orderId !== order.orderId)
        return false;
      return hold.expiresAtMs - deps.cloud.cloudNowMs() >= holdNeededMs;
    },
  };
}
