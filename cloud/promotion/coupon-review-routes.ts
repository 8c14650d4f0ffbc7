import Type from 'typebox';
import {
  nobody,
  NoteSchema,
  Nullable,
  PersonHeadersSchema,
  personOf,
  strict,
} from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import {
  couponsOfTill,
  decideTillHold,
  listTillHolds,
  tillCouponsMax,
  tillHoldsMax,
} from '#cloud/promotion/coupon-review.ts';
import type { TerminalId } from '#shared/ids/ids.ts';
import {
  BusinessDateSchema,
  MerchantIdSchema,
  OrderIdSchema,
  TerminalIdSchema,
} from '#shared/wire/v1/common.ts';
import { PromoOrderIdSchema } from '#shared/wire/v1/promotion.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId'>;

const notHeld: ProblemInput = { status: 404, code: 'not-found', detail: 'this till is not held' };
const Use = Type.Union([Type.Literal('printed'), Type.Literal('redeemed')]);

/**
 * GET  /admin/v1/promotion/till-holds                              tills whose coupons wait for people
 * POST /admin/v1/promotion/till-holds/{terminalId}/{day}/decision  lets one go on, or not (x-person-key)
 * GET  /admin/v1/terminals/{terminalId}/coupons?beforeMs=          what one till was given and used up, the latest first
 */
export function registerCouponReviewRoutes(app: CloudApp, deps: Deps): void {
  registerTillHolds(app, deps);
  registerTillCoupons(app, deps);
}

function registerTillHolds(app: CloudApp, deps: Deps): void {
  const { db, clock, operatorId } = deps;
  const Hold = Type.Object({
    terminalId: TerminalIdSchema,
    merchantId: MerchantIdSchema,
    heldOn: BusinessDateSchema,
    kind: Use,
    seen: Type.Integer(),
    heldAtMs: Type.Integer(),
    state: Type.Union([Type.Literal('held'), Type.Literal('refused')]),
    decidedBy: Nullable(Type.String()),
    decidedNote: Nullable(Type.String()),
  });
  const list = {
    summary: 'Tills whose coupons wait for people',
    response: { 200: Type.Object({ holds: Type.Array(Hold, { maxItems: tillHoldsMax }) }) },
  };
  app.get('/admin/v1/promotion/till-holds', { schema: list }, async () => ({
    holds: [...(await listTillHolds(db, operatorId))],
  }));
  const schema = {
    summary: "Decide on a till's coupons",
    params: Type.Object({ terminalId: TerminalIdSchema, day: BusinessDateSchema }, strict),
    headers: PersonHeadersSchema,
    body: Type.Object(
      { verdict: Type.Union([Type.Literal('allowed'), Type.Literal('refused')]), note: NoteSchema },
      strict,
    ),
    response: { 200: Type.Object({ decided: Type.Literal(true) }) },
  };
  const path = '/admin/v1/promotion/till-holds/:terminalId/:day/decision';
  app.post(path, { schema }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const terminalId = request.params.terminalId as TerminalId;
    const by = { by: person.personId, ...request.body, nowMs: clock.nowMs() };
    const hold = { operatorId, terminalId, heldOn: request.params.day };
    return (await decideTillHold(db, { ...hold, ...by }))
      ? reply.send({ decided: true as const })
      : sendProblem(reply, notHeld);
  });
}

function registerTillCoupons(app: CloudApp, { db, operatorId }: Deps): void {
  const Coupon = Type.Object({
    use: Use,
    atMs: Type.Integer(),
    promoOrderId: PromoOrderIdSchema,
    issuerId: MerchantIdSchema,
    partnerId: MerchantIdSchema,
    orderId: OrderIdSchema,
    offFen: Type.Integer(),
    isSalePaid: Type.Boolean(),
    isVoid: Type.Boolean(),
  });
  const schema = {
    summary: 'What one till was given and used up of coupons',
    params: Type.Object({ terminalId: TerminalIdSchema }, strict),
    querystring: Type.Object({ beforeMs: Type.Optional(Type.Integer({ minimum: 0 })) }, strict),
    response: {
      200: Type.Object({ coupons: Type.Array(Coupon, { maxItems: tillCouponsMax }) }),
    },
  };
  app.get('/admin/v1/terminals/:terminalId/coupons', { schema }, async (request) => {
    const terminalId = request.params.terminalId as TerminalId;
    const beforeMs = request.query.beforeMs ?? Number.MAX_SAFE_INTEGER;
    return { coupons: [...(await couponsOfTill(db, { operatorId, terminalId, beforeMs }))] };
  });
}
