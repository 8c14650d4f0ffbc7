import Type from 'typebox';
import type { MerchantId, OrderId } from '#shared/ids/ids.ts';
import { MerchantIdSchema, OrderIdSchema } from '#shared/wire/v1/common.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { ReviewRulesSchema } from '#cloud/review/review-rules.ts';
import {
  listReviewHolds,
  readReviewRules,
  releaseReviewHold,
  reviewHoldsMax,
  saveReviewRules,
} from '#cloud/review/review-store.ts';

const strict = { additionalProperties: false } as const;
const BySchema = Type.String({ minLength: 1, maxLength: 40 });

/**
 * GET  /admin/v1/review-rules                                         the operator's rules
 * PUT  /admin/v1/review-rules                                         changes them, with the name of who does
 * GET  /admin/v1/merchants/{merchantId}/reviews                       sales that are held, oldest first
 * POST /admin/v1/merchants/{merchantId}/reviews/{orderId}/release     lets one go, with name and note
 */
export function registerReviewRoutes(
  app: CloudApp,
  deps: Pick<CloudDeps, 'clock' | 'db' | 'operatorId'>,
): void {
  const { db, clock, operatorId } = deps;
  const RulesAnswerSchema = Type.Object({ rules: ReviewRulesSchema });
  app.get(
    '/admin/v1/review-rules',
    { schema: { response: { 200: RulesAnswerSchema } } },
    async () => ({ rules: await readReviewRules(db, operatorId) }),
  );
  app.put(
    '/admin/v1/review-rules',
    {
      schema: {
        body: Type.Object({ rules: ReviewRulesSchema, by: BySchema }, strict),
        response: { 200: RulesAnswerSchema },
      },
    },
    async (request) => {
      const { rules, by } = request.body;
      await saveReviewRules(db, { operatorId, rules, by, nowMs: clock.nowMs() });
      return { rules };
    },
  );
  app.get(
    '/admin/v1/merchants/:merchantId/reviews',
    {
      schema: {
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

function registerRelease(
  app: CloudApp,
  { db, clock, operatorId }: Pick<CloudDeps, 'clock' | 'db' | 'operatorId'>,
): void {
  app.post(
    '/admin/v1/merchants/:merchantId/reviews/:orderId/release',
    {
      schema: {
        params: Type.Object({ merchantId: MerchantIdSchema, orderId: OrderIdSchema }, strict),
        body: Type.Object(
          { by: BySchema, note: Type.String({ minLength: 3, maxLength: 300 }) },
          strict,
        ),
        response: { 200: Type.Object({ released: Type.Boolean() }) },
      },
    },
    async (request, reply) => {
      const merchantId = request.params.merchantId as MerchantId;
      const orderId = request.params.orderId as OrderId;
      const seen = { ...request.body, nowMs: clock.nowMs() };
      return (await releaseReviewHold(db, { operatorId, merchantId, orderId, ...seen }))
        ? { released: true }
        : sendProblem(reply, { status: 404, code: 'not-found' });
    },
  );
}
