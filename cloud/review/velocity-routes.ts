import Type from 'typebox';
import {
  nobody,
  NoteSchema,
  PersonHeadersSchema,
  personOf,
  strict,
} from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { decideHold } from '#cloud/review/decide-hold.ts';
import { listPointsHolds, pointsHoldsMax } from '#cloud/review/points-holds.ts';
import { VelocityRulesSchema } from '#cloud/review/velocity-rules.ts';
import { readVelocityRules, saveVelocityRules } from '#cloud/review/velocity-store.ts';
import {
  decideVoucherReview,
  listVoucherReviews,
  voucherReviewsMax,
} from '#cloud/review/voucher-guard.ts';
import type { MerchantId, OrderId } from '#shared/ids/ids.ts';
import { BusinessDateSchema, MerchantIdSchema, OrderIdSchema } from '#shared/wire/v1/common.ts';

type Deps = Pick<CloudDeps, 'clock' | 'db' | 'operatorId'>;

const notHeld: ProblemInput = { status: 404, code: 'not-found', detail: 'nothing is held here' };
const Done = Type.Object({ decided: Type.Literal(true) });
const RulesAnswer = Type.Object({ rules: VelocityRulesSchema });

/**
 * GET  /admin/v1/velocity-rules                                   the operator's rules
 * PUT  /admin/v1/velocity-rules                                   a new version of them, by a person
 * GET  /admin/v1/points-holds?after=                              points that wait for people, oldest first
 * POST /admin/v1/points-holds/{orderId}/decision                  lets them go or refuses them, by a person with a reason
 * GET  /admin/v1/voucher-reviews                                  shops that take no vouchers until somebody looked
 * POST /admin/v1/merchants/{merchantId}/voucher-reviews/{month}   lets the shop take them until the month ends, or not
 * A person says who he is by his key (x-person-key).
 */
export function registerVelocityRoutes(app: CloudApp, deps: Deps): void {
  registerRules(app, deps);
  registerPointsHolds(app, deps);
  registerVoucherReviews(app, deps);
}

function registerRules(app: CloudApp, deps: Deps): void {
  const { db, clock, operatorId } = deps;
  const path = '/admin/v1/velocity-rules';
  const get = { summary: 'Rules of velocity', response: { 200: RulesAnswer } };
  app.get(path, { schema: get }, async () => ({ rules: await readVelocityRules(db, operatorId) }));
  const put = {
    summary: 'Change the rules of velocity',
    headers: PersonHeadersSchema,
    body: Type.Object({ rules: VelocityRulesSchema }, strict),
    response: { 200: RulesAnswer },
  };
  app.put(path, { schema: put }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const { rules } = request.body;
    await saveVelocityRules(db, { operatorId, rules, by: person.personId, nowMs: clock.nowMs() });
    return reply.send({ rules });
  });
}

function registerPointsHolds(app: CloudApp, deps: Deps): void {
  const { db, clock, operatorId } = deps;
  const Reason = Type.Object({ rule: Type.String(), seen: Type.Integer() });
  const Hold = Type.Object({
    orderId: OrderIdSchema,
    merchantId: MerchantIdSchema,
    reasons: Type.Array(Reason, { maxItems: 8 }),
    heldOn: BusinessDateSchema,
    points: Type.Integer(),
  });
  const list = {
    summary: 'Points that wait for people',
    querystring: Type.Object({ after: Type.Optional(OrderIdSchema) }, strict),
    response: { 200: Type.Object({ holds: Type.Array(Hold, { maxItems: pointsHoldsMax }) }) },
  };
  app.get('/admin/v1/points-holds', { schema: list }, async (request) => ({
    holds: (await listPointsHolds(db, { operatorId, after: request.query.after })).map((hold) => ({
      ...hold,
      reasons: hold.reasons.map(({ rule, seen }) => ({ rule, seen })),
    })),
  }));
  const schema = {
    summary: 'Decide on held points',
    params: Type.Object({ orderId: OrderIdSchema }, strict),
    headers: PersonHeadersSchema,
    body: Type.Object(
      {
        verdict: Type.Union([Type.Literal('released'), Type.Literal('refused')]),
        note: NoteSchema,
      },
      strict,
    ),
    response: { 200: Done },
  };
  app.post('/admin/v1/points-holds/:orderId/decision', { schema }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const by = { by: person.personId, ...request.body, nowMs: clock.nowMs() };
    const orderId = request.params.orderId as OrderId;
    const decided = await retriedTransaction(db, (tx) =>
      decideHold(tx, { operatorId, orderId, ...by }),
    );
    return decided ? reply.send({ decided }) : sendProblem(reply, notHeld);
  });
}

const MonthSchema = Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$' });

function registerVoucherReviews(app: CloudApp, deps: Deps): void {
  const { db, clock, operatorId } = deps;
  const Review = Type.Object({
    merchantId: MerchantIdSchema,
    month: MonthSchema,
    amountFen: Type.Integer(),
    voucherFen: Type.Integer(),
    heldAtMs: Type.Integer(),
  });
  const list = {
    summary: 'Shops that take no vouchers until somebody looked',
    response: {
      200: Type.Object({ reviews: Type.Array(Review, { maxItems: voucherReviewsMax }) }),
    },
  };
  app.get('/admin/v1/voucher-reviews', { schema: list }, async () => ({
    reviews: await listVoucherReviews(db, operatorId),
  }));
  const schema = {
    summary: "Decide on a shop's vouchers of a month",
    params: Type.Object({ merchantId: MerchantIdSchema, month: MonthSchema }, strict),
    headers: PersonHeadersSchema,
    body: Type.Object(
      { verdict: Type.Union([Type.Literal('allowed'), Type.Literal('refused')]), note: NoteSchema },
      strict,
    ),
    response: { 200: Done },
  };
  const path = '/admin/v1/merchants/:merchantId/voucher-reviews/:month';
  app.post(path, { schema }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const merchantId = request.params.merchantId as MerchantId;
    const { month } = request.params;
    const by = { by: person.personId, ...request.body, nowMs: clock.nowMs() };
    return (await decideVoucherReview(db, { operatorId, merchantId, month, ...by }))
      ? reply.send({ decided: true as const })
      : sendProblem(reply, notHeld);
  });
}
