import Type from 'typebox';
import { PersonHeadersSchema, personOf } from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { endPromotion } from '#cloud/promotion/end-promotion.ts';
import { listPriceLists, makePriceList, priceListsShownMax } from '#cloud/promotion/price-list.ts';
import { listOrders, viewOf } from '#cloud/promotion/promo-orders.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { BusinessDateSchema } from '#shared/wire/v1/common.ts';
import {
  PromoOrderIdSchema,
  promoOrdersShownMax,
  PromoOrderViewSchema,
  PromoPriceSchema,
} from '#shared/wire/v1/promotion.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId'>;

const strict = { additionalProperties: false } as const;
const Why = Type.String({ minLength: 3, maxLength: 300 });
const nobody: ProblemInput = { status: 403, code: 'person-key-invalid' };

/**
 * GET  /admin/v1/promotion/price-lists              every list, with who made it and why, the newest first
 * POST /admin/v1/promotion/price-lists              the next one, from a day on (x-person-key)
 * GET  /admin/v1/promotion/orders                   what shops bought, the newest first
 * POST /admin/v1/promotion/orders/{id}/cancel       ends one; what was not delivered comes back (x-person-key)
 */
export function registerPromotionAdminRoutes(app: CloudApp, deps: Deps): void {
  registerPriceLists(app, deps);
  registerOrders(app, deps);
}

function registerPriceLists(app: CloudApp, deps: Deps): void {
  const { db, clock, operatorId } = deps;
  const path = '/admin/v1/promotion/price-lists';
  const Prices = Type.Array(PromoPriceSchema, { minItems: 1, maxItems: 4 });
  const List = Type.Object({
    version: Type.Integer(),
    effectiveOn: Type.String(),
    madeBy: Type.String(),
    madeAtMs: Type.Integer(),
    why: Type.String(),
    prices: Type.Array(PromoPriceSchema, { maxItems: 4 }),
  });
  const list = {
    summary: 'Price lists of promotion services',
    response: { 200: Type.Object({ lists: Type.Array(List, { maxItems: priceListsShownMax }) }) },
  };
  app.get(path, { schema: list }, async () => ({ lists: await listPriceLists(db, operatorId) }));
  const make = {
    summary: 'Make the next price list',
    headers: PersonHeadersSchema,
    body: Type.Object({ effectiveOn: BusinessDateSchema, prices: Prices, why: Why }, strict),
    response: { 200: Type.Object({ version: Type.Integer() }) },
  };
  app.post(path, { schema: make }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const { effectiveOn, prices, why } = request.body;
    const isTwice = new Set(prices.map(({ service }) => service)).size < prices.length;
    if (!isCalendarDay(effectiveOn) || isTwice)
      return sendProblem(reply, {
        status: 400,
        code: 'request-invalid',
        detail: isTwice ? 'a service stands twice' : 'no such day',
      });
    const nowMs = clock.nowMs();
    const today = accountingDate(nowMs);
    const change = { operatorId, effectiveOn, today, prices, by: person.personId, nowMs, why };
    const made = await retriedTransaction(db, (tx) => makePriceList(tx, change));
    return made.ok
      ? reply.send(made.value)
      : sendProblem(reply, { status: 409, code: made.error.type });
  });
}

function registerOrders(app: CloudApp, deps: Deps): void {
  const { db, clock, operatorId } = deps;
  const Order = Type.Object({ merchantId: Type.String(), order: PromoOrderViewSchema });
  const list = {
    summary: 'What shops bought with promotion credit',
    response: {
      200: Type.Object({ orders: Type.Array(Order, { maxItems: promoOrdersShownMax }) }),
    },
  };
  app.get('/admin/v1/promotion/orders', { schema: list }, async () => {
    const orders = await listOrders(db, { operatorId });
    return {
      orders: orders.map((order) => ({ merchantId: order.merchantId, order: viewOf(order) })),
    };
  });
  const cancel = {
    summary: 'Cancel a service; what was not delivered comes back as credit',
    headers: PersonHeadersSchema,
    params: Type.Object({ promoOrderId: PromoOrderIdSchema }),
    body: Type.Object({ note: Why }, strict),
    response: { 200: Type.Object({ returnedPoints: Type.Integer() }) },
  };
  const path = '/admin/v1/promotion/orders/:promoOrderId/cancel';
  app.post(path, { schema: cancel }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const end = {
      operatorId,
      promoOrderId: request.params.promoOrderId,
      to: 'cancelled' as const,
      by: person.personId,
      note: request.body.note,
      today: accountingDate(clock.nowMs()),
    };
    const ended = await retriedTransaction(db, (tx) => endPromotion(tx, end));
    return ended.ok
      ? reply.send({ returnedPoints: ended.value.returnedPoints })
      : sendProblem(reply, { status: 409, code: ended.error.type });
  });
}
