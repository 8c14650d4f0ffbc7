import Type from 'typebox';
import type { MerchantId, OrderId } from '#shared/ids/ids.ts';
import { err, ok } from '#shared/result/result.ts';
import { MerchantIdSchema, OrderIdSchema } from '#shared/wire/v1/common.ts';
import { answerProposed, proposedAnswer, type Proposer } from '#cloud/persons/act-routes.ts';
import type { ActKinds } from '#cloud/persons/acts.ts';
import {
  nobody,
  PersonHeadersSchema,
  personOf,
  strict,
  WhySchema,
} from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { ReviewRulesSchema } from '#cloud/review/review-rules.ts';
import {
  listReviewHolds,
  readReviewRules,
  releaseReviewHold,
  reviewHoldsMax,
  saveReviewRules,
} from '#cloud/review/review-store.ts';

/** A held sale goes on when two people say so; both stand in the hold's own record. */
export const reviewActs: ActKinds = {
  'release-review': {
    async execute(tx, { operatorId, subject, what, proposedBy, by, why, nowMs }) {
      const release = {
        operatorId,
        merchantId: (what as { readonly merchantId: MerchantId }).merchantId,
        orderId: subject as OrderId,
        by: `${proposedBy} ${by}`,
        note: why,
        nowMs,
      };
      return (await releaseReviewHold(tx, release))
        ? ok({})
        : err({ status: 404, code: 'not-found', detail: 'nothing is held here' });
    },
  },
};

/**
 * GET  /admin/v1/review-rules                                         the operator's rules
 * PUT  /admin/v1/review-rules                                         changes them (x-person-key)
 * GET  /admin/v1/merchants/{merchantId}/reviews                       sales that are held, oldest first
 * POST /admin/v1/merchants/{merchantId}/reviews/{orderId}/release {why}   one person proposes to let one go; another one
 *                                                                     agrees (persons/act-routes.ts)
 */
export function registerReviewRoutes(app: CloudApp, deps: Proposer): void {
  const { db, clock, operatorId } = deps;
  const RulesAnswerSchema = Type.Object({ rules: ReviewRulesSchema });
  app.get(
    '/admin/v1/review-rules',
    { schema: { summary: 'The rules of review', response: { 200: RulesAnswerSchema } } },
    async () => ({ rules: await readReviewRules(db, operatorId) }),
  );
  app.put(
    '/admin/v1/review-rules',
    {
      schema: {
        summary: 'Set the rules of review',
        headers: PersonHeadersSchema,
        body: Type.Object({ rules: ReviewRulesSchema }, strict),
        response: { 200: RulesAnswerSchema },
      },
    },
    async (request, reply) => {
      const person = await personOf(deps, request.headers);
      if (person === undefined) return sendProblem(reply, nobody);
      const { rules } = request.body;
      const change = { operatorId, rules, by: person.personId, nowMs: clock.nowMs() };
      await saveReviewRules(db, change);
      return reply.send({ rules });
    },
  );
  app.get(
    '/admin/v1/merchants/:merchantId/reviews',
    {
      schema: {
        summary: 'Sales of a merchant that a rule holds or marked',
        params: Type.Object({ merchantId: MerchantIdSchema }, strict),
        response: {
          200: Type.Object({
            held: Type.Array(
              Type.Object({
                orderId: OrderIdSchema,
                reasons: Type.Array(Type.Object({ rule: Type.String(), seen: Type.Integer() }), {
                  maxItems: 8,
                }),
                heldAtMs: Type.Integer(),
              }),
              { maxItems: reviewHoldsMax },
            ),
          }),
        },
      },
    },
    async (request) => {
      const merchantId = request.params.merchantId as MerchantId;
      const held = await listReviewHolds(db, { operatorId, merchantId });
      return { held: held.map((one) => ({ ...one, reasons: [...one.reasons] })) };
    },
  );
  registerRelease(app, deps);
}

function registerRelease(app: CloudApp, deps: Proposer): void {
  const schema = {
    summary: 'Propose to let a held sale go on',
    headers: PersonHeadersSchema,
    params: Type.Object({ merchantId: MerchantIdSchema, orderId: OrderIdSchema }, strict),
    body: Type.Object({ why: WhySchema }, strict),
    response: proposedAnswer,
  };
  const path = '/admin/v1/merchants/:merchantId/reviews/:orderId/release';
  app.post(path, { schema }, async (request, reply) => {
    const { merchantId, orderId } = request.params;
    const act = { subject: orderId, what: { merchantId }, why: request.body.why };
    const { headers } = request;
    return await answerProposed(reply, deps, { headers, kind: 'release-review', ...act });
  });
}
