import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { isCounterOpen } from '#cloud/promotion/partner-counters.ts';
import { priceListOn } from '#cloud/promotion/price-list.ts';
import { burnCredit, lockCredit } from '#cloud/promotion/promo-credit.ts';
import { insertOrder, orderOfKey, type PromoOrder } from '#cloud/promotion/promo-orders.ts';
import { newId, type MerchantId, type OperatorId } from '#shared/ids/ids.ts';
import { findPromissoryWord } from '#shared/points/words/promissory-words.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { accountingDate, addDays } from '#shared/time/calendar-day.ts';
import type { BuyPromotion, PromoDetails } from '#shared/wire/v1/promotion.ts';

export type BuyError = {
  readonly type:
    | 'promotion-words-refused'
    | 'promotion-key-reused'
    | 'promotion-price-changed'
    | 'promotion-partner-closed'
    | 'promotion-credit-short';
};

/** Days within which a bought service is delivered; a map pin lasts the days that were bought. */
const deliveryDays = { 'push-slot': 30, 'partner-coupon': 90, traffic: 90 } as const;

export interface Purchase extends BuyPromotion {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
}

/**
 * Buys a service with a shop's credit (rule R28): burns the price of the day's list and begins the
 * order, in one transaction. The shop's credit is locked, so that purchases at the same moment
 * follow each other and none takes it below zero. The same key with the same wish answers the order
 * that was made. What is not delivered comes back when the order ends. Errors in this order:
 * promotion-words-refused, promotion-key-reused, promotion-price-changed, promotion-partner-closed,
 * promotion-credit-short.
 */
export async function buyPromotion(
  tx: Tx,
  purchase: Purchase,
  deps: Pick<CloudDeps, 'clock' | 'random'>,
): Promise<Result<PromoOrder, BuyError>> {
  const { operatorId, merchantId, details } = purchase;
  if (!isFitText(details.text)) return err({ type: 'promotion-words-refused' });
  const creditPoints = await lockCredit(tx, purchase);
  const made = await orderOfKey(tx, purchase);
  if (made !== undefined)
    return made.isSame ? ok(made.order) : err({ type: 'promotion-key-reused' });
  const nowMs = deps.clock.nowMs();
  const today = accountingDate(nowMs);
  const list = await priceListOn(tx, { operatorId, day: today });
  const price = list.prices.find(({ service }) => service === details.service);
  if (price === undefined || list.version !== purchase.priceVersion)
    return err({ type: 'promotion-price-changed' });
  const partnerId = partnerOf(details);
  if (partnerId !== null && !(await mayAsk(tx, { operatorId, merchantId, details, partnerId })))
    return err({ type: 'promotion-partner-closed' });
  if (creditPoints < price.pricePoints) return err({ type: 'promotion-credit-short' });
  const order: PromoOrder = {
    operatorId,
    merchantId,
    promoOrderId: newId('pro', deps),
    service: details.service,
    details,
    state: partnerId === null ? 'running' : 'asked',
    priceVersion: list.version,
    pricePoints: pointFen(price.pricePoints),
    returnedPoints: pointFen(0),
    quantity: price.quantity,
    used: 0,
    partnerId,
    beginsOn: today,
    endsOn: addDays(today, daysOf(details, price.quantity) - 1),
  };
  await insertOrder(tx, { ...order, idemKey: purchase.idemKey, nowMs });
  await burnCredit(tx, { ...order, points: order.pricePoints, onDay: today });
  return ok(order);
}

const daysOf = ({ service }: PromoDetails, quantity: number): number =>
  service === 'map-pin' ? quantity : deliveryDays[service];

const partnerOf = (details: PromoDetails): MerchantId | null =>
  details.service === 'partner-coupon' ? (details.partnerId as MerchantId) : null;

/** No promise, no address of a page: what members read under our name leads nowhere else. */
const isFitText = (text: string): boolean =>
  text.trim().length >= 2 &&
  !/[\p{Cc}\p{Cf}]|:\/\/|www\./iu.test(text) &&
  findPromissoryWord(text) === undefined;

/** Another shop's open counter, and a discount that is smaller than the sale it is for. */
const mayAsk = async (
  tx: Tx,
  ask: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly partnerId: MerchantId;
    readonly details: PromoDetails;
  },
): Promise<boolean> =>
  ask.partnerId !== ask.merchantId &&
  (await isCounterOpen(tx, { operatorId: ask.operatorId, merchantId: ask.partnerId }));

/** A discount is at most half of the sale that it is for. The wire schema cannot say it. */
export const isSoundDetails = (details: PromoDetails): boolean =>
  details.service !== 'partner-coupon' || details.minimumFen >= 2 * details.offFen;
