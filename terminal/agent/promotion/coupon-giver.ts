import { newId, type OrderId } from '#shared/ids/ids.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { CouponAnswerSchema, type CouponPrint } from '#shared/wire/v1/promotion.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { couponToken, couponTokenHash } from '#terminal/agent/promotion/coupon-code.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import type { Link } from '#terminal/agent/uplink/link.ts';

/**
 * Asks the cloud, after a sale at this counter, whether it brings a coupon of another shop, and prints it after the receipt.
 * Nobody waits for it: offline, without a printer, or when the answer is lost, the sale brings none.
 */
export interface CouponGiver {
  readonly looksAt: (entries: readonly { readonly type: string; readonly body: string }[]) => void;
  /** The owner changed what is printed here: the next sale asks again. */
  readonly wake: () => void;
  readonly stop: () => Promise<void>;
}

const soldTypes: ReadonlySet<string> = new Set(['charge.paid', 'cash.recorded', 'pos.paid']);
const soldStates: ReadonlySet<string> = new Set(['paid', 'cash-recorded', 'pos-paid', 'settled']);

/** Whoever paid is gone after that. */
const askTimeoutMs = 5_000;
/** A shop that prints for nobody asks no more often than this. */
export const couponQuietMs = 600_000;
/** Questions under way at once; a till sells one thing after another. */
const asksMax = 4;

export function createCouponGiver(deps: {
  readonly journal: Journal;
  readonly cloud: Pick<CloudClient, 'call'>;
  readonly link: Pick<Link, 'online'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly hashKey: () => Buffer;
  readonly hasPrinter: () => boolean;
}): CouponGiver {
  const { journal, cloud, clock } = deps;
  const asking = new Set<Promise<void>>();
  let quietUntilMs = 0;
  let stopped = false;

  const give = (orderId: OrderId, coupon: CouponPrint, tokenHash: string): void => {
    const order = findOrder(journal.read, orderId)?.order;
    if (stopped || !order || order.coupon || !soldStates.has(order.state)) return;
    const jobId = newId('prt', deps);
    journal.append([
      { type: 'coupon.given', body: { orderId, ...coupon, tokenHash } },
      { type: 'print.queued', body: { jobId, kind: 'coupon', orderId, copy: 1 } },
    ]);
  };

  const ask = async (orderId: OrderId): Promise<void> => {
    const token = couponToken(deps.hashKey(), orderId);
    const answer = await cloud.call({
      method: 'POST',
      path: '/v1/promotion/coupons',
      body: { orderId, token },
      answer: CouponAnswerSchema,
      timeoutMs: askTimeoutMs,
    });
    if (!answer.ok) return;
    const { coupon } = answer.value;
    if (coupon === null) quietUntilMs = clock.monotonicMs() + couponQuietMs;
    else give(orderId, coupon, couponTokenHash(token));
  };

  const isQuiet = (): boolean =>
    stopped || clock.monotonicMs() < quietUntilMs || !deps.link.online() || !deps.hasPrinter();

  return {
    looksAt: (entries) => {
      for (const { type, body } of entries) {
        if (!soldTypes.has(type) || isQuiet() || asking.size >= asksMax) continue;
        const { orderId } = JSON.parse(body) as { readonly orderId: OrderId };
        const asked: Promise<void> = ask(orderId).finally(() => asking.delete(asked));
        asking.add(asked);
      }
    },
    wake: () => {
      quietUntilMs = 0;
    },
    stop: async () => {
      stopped = true;
      await Promise.all(asking);
    },
  };
}
