import type { PromoOrderView, PromotionView } from '#shared/wire/v1/promotion.ts';
import type { MethodInput } from '#terminal/ipc/terminal-api.ts';

const sampleOrder: PromoOrderView = {
  promoOrderId: 'pro_01J00000000000000000000001',
  service: 'map-pin',
  text: '人民路 8 号',
  state: 'cancelled',
  pricePoints: 10_000,
  returnedPoints: 7_000,
  quantity: 10,
  used: 3,
  beginsOn: '2026-03-01',
  endsOn: '2026-03-10',
};

/** A shop with some credit; buying burns the price and adds the order. */
export function scriptedPromotion() {
  let view: PromotionView = {
    creditPoints: 16_850,
    pendingPoints: 2_310,
    priceVersion: 3,
    prices: [
      { service: 'push-slot', pricePoints: 5_000, quantity: 300 },
      { service: 'map-pin', pricePoints: 10_000, quantity: 10 },
      { service: 'partner-coupon', pricePoints: 3_000, quantity: 200 },
      { service: 'traffic', pricePoints: 20_000, quantity: 4_000 },
    ],
    orders: [sampleOrder],
    isCounterOpen: true,
    partners: [{ merchantId: 'mch_01J00000000000000000000002', name: '街角花店' }],
    wishes: [
      {
        promoOrderId: 'pro_01J00000000000000000000002',
        issuerName: '街角花店',
        text: '进店即可使用，每人一张',
        offFen: 500,
        minimumFen: 3_000,
        quantity: 200,
        used: 0,
        isAgreed: false,
      },
    ],
  };
  const change = (next: Partial<PromotionView>): void => {
    view = { ...view, ...next };
  };
  return {
    'promotion.get': () => view,
    'promotion.buy': ({ details }: MethodInput<'promotion.buy'>) => {
      const price = view.prices.find(({ service }) => service === details.service)!;
      const order: PromoOrderView = {
        ...sampleOrder,
        ...price,
        promoOrderId: `pro_01J0000000000000000000001${view.orders.length}`,
        text: details.text,
        state: details.service === 'partner-coupon' ? 'asked' : 'running',
        returnedPoints: 0,
        used: 0,
      };
      change({
        creditPoints: view.creditPoints - price.pricePoints,
        orders: [order, ...view.orders],
      });
      return order;
    },
    'promotion.setCounter': ({ isOpen }: MethodInput<'promotion.setCounter'>) => (
      change({ isCounterOpen: isOpen }),
      {}
    ),
    'promotion.answer': ({ promoOrderId }: MethodInput<'promotion.answer'>) => (
      change({ wishes: view.wishes.filter((wish) => wish.promoOrderId !== promoOrderId) }),
      {}
    ),
  };
}
