import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { newId } from '#shared/ids/ids.ts';
import { orderAmount } from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { businessDate } from '#shared/time/business-day.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { couponOffFen, type Till } from '#terminal/agent/checkout/checkout-machine.ts';
import { claimToken } from '#terminal/agent/checkout/claim-token.ts';
import type { CouponHolds } from '#terminal/agent/checkout/coupon-holds.ts';
import { continues, openSale, type Sale } from '#terminal/agent/checkout/sale-facts.ts';
import { saleLines } from '#terminal/agent/checkout/draft-lines.ts';
import type { VoucherHolds } from '#terminal/agent/checkout/voucher-holds.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder, type StoredOrder } from '#terminal/agent/journal/order-rows.ts';

export interface PrepareDeps {
  readonly journal: Journal;
  readonly holds: VoucherHolds;
  readonly coupons: Pick<CouponHolds, 'isGood' | 'orderIdFor'>;
  /** The business's; see business-clock.ts. */
  readonly clock: Clock;
  readonly random: Random;
  readonly cashier: string;
  readonly config: () => ConfigPayload | undefined;
}

/**
 * What the next sale starts from: the unpaid order on screen, or a new one with its vouchers set
 * aside. Errors, in order: not activated, the amount, a coupon that does not fit or cannot be had,
 * vouchers that cannot be had. Nothing is written here.
 */
export async function prepareSale(
  deps: PrepareDeps,
  till: Till,
  withVoucher: boolean,
): Promise<Result<Sale, ErrorCode>> {
  const config = deps.config();
  if (!config) return err('agent-not-activated');
  const { amountFen: grossFen, member, useVoucher, coupon } = till.draft;
  const gross = orderAmount(grossFen);
  if (!gross.ok) return err(gross.error.type);
  if (coupon && grossFen < coupon.minimumFen) return err('coupon-too-small-sale');
  const couponFen = couponOffFen(till.draft);
  const amountFen = grossFen - couponFen;
  const memberId = member?.memberId;
  const wantsVoucher = withVoucher && useVoucher && (member?.voucherTotalFen ?? 0) > 0;
  const onScreen = till.orderId && findOrder(deps.journal.read, till.orderId);
  const same = { amountFen, couponFen, memberId, useVoucher: wantsVoucher };
  const isGood = (stored: StoredOrder): boolean =>
    deps.holds.isGood(stored) && deps.coupons.isGood(stored);
  const unpaid = onScreen && continues(onScreen, same) && isGood(onScreen) ? onScreen : undefined;
  const used = !unpaid && coupon ? await deps.coupons.orderIdFor(grossFen) : undefined;
  if (used && !used.ok) return used;
  const needsVoucher = !unpaid && wantsVoucher && memberId !== undefined;
  const reserved = needsVoucher
    ? await deps.holds.reserve({ memberId, amountFen, orderId: used?.value })
    : undefined;
  if (reserved && !reserved.ok) return reserved;
  const { cutOverHour, concessionBp } = config;
  const fresh = {
    orderId: used?.value ?? reserved?.value.orderId ?? newId('ord', deps),
    claimToken: claimToken(deps.random),
    businessDate: businessDate({ atMs: deps.clock.nowMs(), cutOverHour }),
    concessionBp,
    cashier: deps.cashier,
  };
  const voucher = reserved?.value.reservation;
  const lines = saleLines(till.draft);
  return ok(openSale({ amountFen, couponFen, lines, memberId, voucher, unpaid, fresh }));
}
