import Type from 'typebox';
import { OrderIdSchema } from '#shared/wire/v1/common.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { paidTwiceKind, paidTwiceSubject } from '#cloud/payments/paid-twice/decide-paid-twice.ts';
import { refundedSoFar } from '#cloud/payments/paid-twice/paid-twice-store.ts';
import { answerProposed, proposedAnswer, type Proposer } from '#cloud/persons/act-routes.ts';
import { PersonHeadersSchema, strict, WhySchema } from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';

export const VerdictSchema = Type.Union([
  Type.Literal('give-back'),
  Type.Literal('keep'),
  Type.Literal('keep-refunded'),
]);

/**
 * POST /admin/v1/charges/{orderId}/{attempt}/paid-twice {verdict, why}   one person proposes what becomes of a charge that
 * was paid beside other money (decide-paid-twice.ts); another one agrees (persons/act-routes.ts)
 */
export function registerPaidTwiceRoutes(app: CloudApp, deps: Proposer): void {
  const schema = {
    summary: 'Propose what becomes of a charge that was paid beside other money',
    headers: PersonHeadersSchema,
    params: Type.Object(
      { orderId: OrderIdSchema, attempt: Type.Integer({ minimum: 1, maximum: 99 }) },
      strict,
    ),
    body: Type.Object(
      {
        /**
         * Back to the customer; or it is the merchant's, because the other money was never taken,
         * or went back at the till.
         */
        verdict: VerdictSchema,
        why: WhySchema,
      },
      strict,
    ),
    response: proposedAnswer,
  };
  const path = '/admin/v1/charges/:orderId/:attempt/paid-twice';
  app.post(path, { schema }, async (request, reply) => {
    const { orderId, attempt } = request.params;
    const { verdict, why } = request.body;
    const charge = { operatorId: deps.operatorId, orderId: orderId as OrderId, attempt };
    const subject = paidTwiceSubject(charge);
    const { headers } = request;
    const what = { verdict, backFen: await refundedSoFar(deps.db, charge) };
    const act = { kind: paidTwiceKind, subject, what, why };
    return await answerProposed(reply, deps, { headers, ...act });
  });
}
