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
 * Asks the cloud, after a sale at this counter, whether it brings a coupon of another shop, and
 * prints it after the receipt. Only a sale whose receipt is printed now: of one that was learned of
 * late nobody waits for a paper. Offline, or when the answer is lost twice, the sale brings none.
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

type Entries = Parameters<CouponGiver['looksAt']>[0];

/** Orders that were sold by these entries and whose receipt is queued with them. */
function soldWithReceipt(entries: Entries): readonly OrderId[] {
  const bodies = (isWanted: (type: string) => boolean) =>
    entries
      .filter(({ type }) => isWanted(type))
      .map(
        ({ body }) => JSON.parse(body) as { readonly orderId?: OrderId; readonly kind?: string },
      );
  const receipts = new Set(
    bodies((type) => type === 'print.queued')
      .filter(({ kind }) => kind === 'receipt')
      .map(({ orderId }) => orderId),
  );
  return bodies((type) => soldTypes.has(type)).flatMap(({ orderId }) =>
    orderId !== undefined && receipts.has(orderId) ? [orderId] : [],
  );
}

export function createCouponGiver(deps: {
  readonly journal: Journal;
  readonly cloud: Pick<CloudClient, 'call'>;
  readonly link: Pick<Link, 'online'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly hashKey: () => Buffer;
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
    const askOnce = () =>
      cloud.call({
        method: 'POST',
        path: '/v1/promotion/coupons',
        body: { orderId, token },
        answer: CouponAnswerSchema,
        timeoutMs: askTimeoutMs,
      });
    const first = await askOnce();
    // The same sale with the same token is the same paper, given once.
    const isLost = !first.ok && first.error.sent === 'maybe' && !stopped;
    const answer = isLost ? await askOnce() : first;
    if (!answer.ok) return;
    const { coupon } = answer.value;
    if (coupon === null) quietUntilMs = clock.monotonicMs() + couponQuietMs;
    else give(orderId, coupon, couponTokenHash(token));
  };

  const isQuiet = (): boolean =>
    stopped || clock.monotonicMs() < quietUntilMs || !deps.link.online();

  return {
    looksAt: (entries) => {
      for (const orderId of soldWithReceipt(entries)) {
        if (isQuiet() || asking.size >= asksMax) continue;
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
