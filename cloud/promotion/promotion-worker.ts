import type { CloudDeps } from '#cloud/platform/deps.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import { voidUnproven } from '#cloud/promotion/coupon-guard.ts';
import { endPromotion } from '#cloud/promotion/end-promotion.ts';
import { overdueOrders, runningOrders } from '#cloud/promotion/promo-orders.ts';
import { deliverPushes } from '#cloud/promotion/push-slots.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId'>;

const idleMs = 30_000;
/** Orders of one kind that a step looks at. */
const ordersMax = 50;
/** Papers that a step makes void. */
const papersMax = 500;

/**
 * One round: a part of every push slot that still has members to reach, coupons whose sales never
 * showed, and the end of what is over, which gives back what was not delivered. Answers what was
 * done; any number of nodes may run it.
 */
export async function runPromotions({ db, clock, operatorId }: Deps): Promise<number> {
  const nowMs = clock.nowMs();
  const day = accountingDate(nowMs);
  let done = 0;
  const slots = { operatorId, service: 'push-slot' as const, day, limit: ordersMax };
  for (const { promoOrderId } of await runningOrders(db, slots))
    done += await retriedTransaction(db, (tx) =>
      deliverPushes(tx, { operatorId, promoOrderId, nowMs }),
    );
  done += await retriedTransaction(db, (tx) =>
    voidUnproven(tx, { operatorId, nowMs, limit: papersMax }),
  );
  for (const { promoOrderId } of await overdueOrders(db, { operatorId, day, limit: ordersMax })) {
    const over = { to: 'ended' as const, by: 'time', note: '', today: day };
    const ended = await retriedTransaction(db, (tx) =>
      endPromotion(tx, { operatorId, promoOrderId, ...over }),
    );
    if (ended.ok) done += 1;
  }
  return done;
}

export const startPromotionWorker = (deps: Deps & Pick<CloudDeps, 'logger'>): WorkerLoop =>
  startWorkerLoop({
    name: 'promotion',
    idleMs,
    logger: deps.logger,
    scope: { type: 'operator', operatorId: deps.operatorId },
    step: () => runPromotions(deps),
  });
