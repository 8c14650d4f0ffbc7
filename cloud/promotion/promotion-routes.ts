import Type from 'typebox';
import { raiseAlarms } from '#cloud/identity/terminal-alarms.ts';
import { terminalOf } from '#cloud/identity/terminal-identity.ts';
import { createMemberLinks, memberLinkKeyPattern } from '#cloud/members/member-links.ts';
import { operatorOfMember } from '#cloud/members/members.ts';
import { loadMemberDataKey } from '#cloud/members/phone-vault.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { merchantPromoCredit } from '#cloud/points/member-points.ts';
import { buyPromotion, isSoundDetails } from '#cloud/promotion/buy-promotion.ts';
import { answerWish } from '#cloud/promotion/end-promotion.ts';
import { cardsShownMax, pinsOn, pinsShownMax, showShops } from '#cloud/promotion/listings.ts';
import {
  isCounterOpen,
  openPartners,
  setCounter,
  wishesAt,
} from '#cloud/promotion/partner-counters.ts';
import { giveBackCoupon, printCoupon, redeemCoupon } from '#cloud/promotion/partner-coupons.ts';
import { priceListOn } from '#cloud/promotion/price-list.ts';
import { listOrders, viewOf } from '#cloud/promotion/promo-orders.ts';
import type { MemberId, MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { MemberIdSchema, OrderIdSchema } from '#shared/wire/v1/common.ts';
import {
  BuyPromotionSchema,
  CouponAnswerSchema,
  CouponRedeemedSchema,
  CouponRedeemSchema,
  CouponRequestSchema,
  PromoAnswerSchema,
  PromoCounterSchema,
  PromoOrderViewSchema,
  PromotionViewSchema,
  type PromotionView,
} from '#shared/wire/v1/promotion.ts';

type Deps = Pick<
  CloudDeps,
  'db' | 'clock' | 'random' | 'operatorId' | 'config' | 'metrics' | 'logger'
>;

/** Strangers with a phone: this many requests a minute from one address. */
const publicPerMinuteMax = 30;
const publicAccess = {
  access: 'public' as const,
  rateLimit: { max: publicPerMinuteMax, timeWindow: 60_000 },
};
const done = Type.Object({ done: Type.Boolean() });

/**
 * GET  /v1/promotion                        credit, prices, orders and partners of the till's shop
 * POST /v1/promotion/orders                 buys a service; the till asked its owner
 * POST /v1/promotion/counter, /wishes       whether coupons of others are printed here, and whose
 * POST /v1/promotion/coupons                the coupon that a sale brings
 * POST /v1/promotion/coupons/redeem, /back  the issuer's own discount, and the sale that was not made
 * GET  /v1/promotion/pins                   the map of shops, for everybody
 * POST /v1/member-pages/shops               shops on a member's page; each showing is counted
 */
export function registerPromotionRoutes(app: CloudApp, deps: Deps): void {
  registerOwnersView(app, deps);
  registerBuying(app, deps);
  registerPartner(app, deps);
  registerCoupons(app, deps);
  registerPublic(app, deps);
}

/**
 * A shop of the same operator is behind what a till may see by itself; the shop's own id keeps it
 * to what concerns it.
 */
const amongShops = <T>(operatorId: OperatorId, work: () => Promise<T>): Promise<T> =>
  runScoped({ type: 'operator', operatorId }, work);

async function viewPromotion(
  { db, clock }: Deps,
  shop: { readonly operatorId: OperatorId; readonly merchantId: MerchantId },
): Promise<PromotionView> {
  const day = accountingDate(clock.nowMs());
  const credit = await merchantPromoCredit(db, shop);
  const list = await priceListOn(db, { operatorId: shop.operatorId, day });
  const orders = await listOrders(db, shop);
  return {
    ...credit,
    priceVersion: list.version,
    prices: [...list.prices],
    orders: orders.map(viewOf),
    isCounterOpen: await isCounterOpen(db, shop),
    partners: await openPartners(db, shop),
    wishes: await wishesAt(db, shop),
  };
}

function registerOwnersView(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Promotion credit of the shop, and what it buys',
    response: { 200: PromotionViewSchema },
  };
  app.get('/v1/promotion', { schema }, (request) => {
    const { operatorId, merchantId } = terminalOf(request);
    return amongShops(operatorId, () => viewPromotion(deps, { operatorId, merchantId }));
  });
}

function registerBuying(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Buy a service with promotion credit',
    body: BuyPromotionSchema,
    response: { 200: PromoOrderViewSchema },
  };
  app.post('/v1/promotion/orders', { schema }, async (request, reply) => {
    const { operatorId, merchantId } = terminalOf(request);
    if (!isSoundDetails(request.body.details))
      return sendProblem(reply, {
        status: 400,
        code: 'request-invalid',
        detail: 'a coupon is at most half of its sale',
      });
    const bought = await amongShops(operatorId, () =>
      retriedTransaction(deps.db, (tx) =>
        buyPromotion(tx, { ...request.body, operatorId, merchantId }, deps),
      ),
    );
    return bought.ok
      ? reply.send(viewOf(bought.value))
      : sendProblem(reply, { status: 409, code: bought.error.type });
  });
}

function registerPartner(app: CloudApp, { db, clock }: Deps): void {
  const counter = {
    summary: 'Whether this counter prints coupons of other shops',
    body: PromoCounterSchema,
    response: { 200: done },
  };
  app.post('/v1/promotion/counter', { schema: counter }, async (request) => {
    const { operatorId, merchantId } = terminalOf(request);
    const { isOpen } = request.body;
    await setCounter(db, { operatorId, merchantId, isOpen, nowMs: clock.nowMs() });
    return { done: true };
  });
  const wish = {
    summary: 'Agree to print the coupons of another shop, or not',
    body: PromoAnswerSchema,
    response: { 200: done },
  };
  app.post('/v1/promotion/wishes', { schema: wish }, async (request, reply) => {
    const { operatorId, merchantId: partnerId } = terminalOf(request);
    const today = accountingDate(clock.nowMs());
    const answered = await amongShops(operatorId, () =>
      retriedTransaction(db, (tx) =>
        answerWish(tx, { ...request.body, operatorId, partnerId, today }),
      ),
    );
    return answered.ok
      ? reply.send({ done: true })
      : sendProblem(reply, { status: 409, code: answered.error.type });
  });
}

function registerCoupons(app: CloudApp, deps: Deps): void {
  const { db, clock } = deps;
  const print = {
    summary: 'The coupon that a sale at this counter brings',
    body: CouponRequestSchema,
    response: { 200: CouponAnswerSchema },
  };
  app.post('/v1/promotion/coupons', { schema: print }, async (request) => {
    const till = terminalOf(request);
    const orderId = request.body.orderId as OrderId;
    const sale = { ...till, token: request.body.token, orderId, nowMs: clock.nowMs() };
    return await amongShops(till.operatorId, async () => {
      const { coupon, finding } = await retriedTransaction(db, (tx) => printCoupon(tx, sale));
      await raiseAlarms(deps, till, finding ? [finding] : []);
      return { coupon };
    });
  });
  const redeem = {
    summary: 'Use a coupon of this shop up for one sale',
    body: CouponRedeemSchema,
    response: { 200: CouponRedeemedSchema },
  };
  app.post('/v1/promotion/coupons/redeem', { schema: redeem }, async (request, reply) => {
    const { token, orderId, amountFen } = request.body;
    const sale = { ...terminalOf(request), token, nowMs: clock.nowMs() };
    const { operatorId } = sale;
    const used = await amongShops(operatorId, async () => {
      const answer = await retriedTransaction(db, (tx) =>
        redeemCoupon(tx, { ...sale, orderId: orderId as OrderId, amountFen: fen(amountFen) }),
      );
      const finding = answer.ok ? undefined : answer.error.finding;
      await raiseAlarms(deps, sale, finding ? [finding] : []);
      return answer;
    });
    return used.ok
      ? reply.send(used.value)
      : sendProblem(reply, {
          status: used.error.type === 'coupon-unknown' ? 404 : 409,
          code: used.error.type,
        });
  });
  const back = {
    summary: 'A sale with a coupon was not made',
    body: Type.Object({ orderId: OrderIdSchema }, { additionalProperties: false }),
    response: { 200: done },
  };
  app.post('/v1/promotion/coupons/back', { schema: back }, async (request) => {
    const { operatorId, merchantId } = terminalOf(request);
    const orderId = request.body.orderId as OrderId;
    const given = await amongShops(operatorId, () =>
      retriedTransaction(db, (tx) => giveBackCoupon(tx, { operatorId, merchantId, orderId })),
    );
    return { done: given };
  });
}

function registerPublic(app: CloudApp, { db, clock, operatorId, config }: Deps): void {
  const links = createMemberLinks(loadMemberDataKey(config));
  const Place = Type.Object({ lngE6: Type.Integer(), latE6: Type.Integer() });
  const Pin = Type.Object({
    shopName: Type.String(),
    text: Type.String(),
    place: Type.Union([Place, Type.Null()]),
    from: Type.String(),
    until: Type.String(),
  });
  const pins = {
    summary: 'Shops on the map today',
    response: { 200: Type.Object({ pins: Type.Array(Pin, { maxItems: pinsShownMax }) }) },
  };
  app.get('/v1/promotion/pins', { schema: pins, config: publicAccess }, async () => ({
    pins: await amongShops(operatorId, () =>
      pinsOn(db, { operatorId, day: accountingDate(clock.nowMs()) }),
    ),
  }));
  const Card = Type.Object({ shopName: Type.String(), text: Type.String() });
  const shops = {
    summary: 'Shops on a member page; each showing is counted',
    body: Type.Object(
      { memberId: MemberIdSchema, key: Type.String({ pattern: memberLinkKeyPattern }) },
      { additionalProperties: false },
    ),
    response: { 200: Type.Object({ shops: Type.Array(Card, { maxItems: cardsShownMax }) }) },
  };
  const route = { schema: shops, config: publicAccess };
  app.post('/v1/member-pages/shops', route, async (request, reply) => {
    const memberId = request.body.memberId as MemberId;
    const owner = links.isKey(memberId, request.body.key)
      ? await operatorOfMember(db, memberId)
      : undefined;
    if (owner === undefined) return sendProblem(reply, { status: 404, code: 'member-unknown' });
    const look = { operatorId: owner, memberId, day: accountingDate(clock.nowMs()) };
    return reply.send({
      shops: await amongShops(owner, () => retriedTransaction(db, (tx) => showShops(tx, look))),
    });
  });
}
