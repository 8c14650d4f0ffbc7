import { err } from '#shared/result/result.ts';
import { isWaiting } from '#terminal/agent/checkout/checkout-machine.ts';
import type { Counter, Outcome } from '#terminal/agent/checkout/counter.ts';

/**
 * A coupon of this shop, printed at a partner's counter: the cloud uses it up for the sale on
 * screen, whose sum is lowered. Errors, in order: `result-not-known`, `coupon-needs-amount`,
 * `coupon-used` (the sale has one), `coupon-needs-network`, the cloud's refusal.
 */
export async function scanCoupon(counter: Counter, token: string): Promise<Outcome> {
  const { screen, coupons, link } = counter;
  const till = screen.till();
  if (isWaiting(till)) return screen.step({ type: 'second-scan', atMs: counter.clock.nowMs() });
  if (till.screen.type === 'held') return err('result-not-known');
  const { amountFen, coupon } = till.draft;
  if (amountFen === 0) return err('coupon-needs-amount');
  if (coupon) return err('coupon-used');
  if (!link.online()) return err('coupon-needs-network');
  const taken = await coupons.take(token, amountFen);
  if (!taken.ok) return taken;
  const { offFen, minimumFen, text } = taken.value;
  // The sale went on while the cloud was asked: the paper is for the next one.
  const isSame = screen.till().draft === till.draft && screen.till().orderId === till.orderId;
  const set = isSame
    ? screen.step({ type: 'coupon-set', coupon: { offFen, minimumFen, text } })
    : err('result-not-known' as const);
  if (!set.ok) void coupons.giveBack();
  return set;
}

/** The sale goes on without its coupon, and the paper is good again. */
export function dropCoupon({ screen, coupons }: Counter): Outcome {
  const dropped = screen.step({ type: 'coupon-set', coupon: null });
  if (dropped.ok) void coupons.giveBack();
  return dropped;
}
