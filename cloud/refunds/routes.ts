import Type from 'typebox';
import type { OrderId } from '#shared/ids/ids.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { OrderIdSchema, RefundNoSchema } from '#shared/wire/v1/common.ts';
import { RefundRequestSchema, RefundSchema } from '#shared/wire/v1/refunds.ts';
import { terminalOf } from '#cloud/identity/terminal-identity.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { askRefund, readRefund, type RefundRefused } from '#cloud/refunds/ask-refund.ts';
import type { RefundDeps } from '#cloud/refunds/settle-refund.ts';

const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

/** The routes of shared/wire/v1/refunds.ts. Refusals are problems; where a refund stands is always a Refund. */
export function registerRefundRoutes(app: CloudApp, deps: RefundDeps): void {
  const response = { 200: RefundSchema };
  app.post(
    '/v1/orders/:orderId/refunds',
    {
      schema: {
        summary: 'Give money of an order back',
        params: object({ orderId: OrderIdSchema }),
        body: RefundRequestSchema,
        response,
      },
    },
    async (request, reply) => {
      const orderId = request.params.orderId as OrderId;
      const refund = await askRefund(deps, terminalOf(request), { ...request.body, orderId });
      return refund.ok ? refund.value : sendProblem(reply, problemOf(refund.error));
    },
  );
  app.get(
    '/v1/orders/:orderId/refunds/:refundNo',
    {
      schema: {
        summary: 'Where a refund stands',
        params: object({ orderId: OrderIdSchema, refundNo: RefundNoSchema }),
        response,
      },
    },
    async (request, reply) => {
      const { orderId, refundNo } = request.params;
      const key = { orderId: orderId as OrderId, refundNo };
      const refund = await readRefund(deps, terminalOf(request), key);
      return refund.ok ? refund.value : sendProblem(reply, problemOf(refund.error));
    },
  );
}

const problemOf = ({ code }: RefundRefused): ProblemInput => ({ status: statusOf(code), code });

function statusOf(code: RefundRefused['code']): number {
  switch (code) {
    case 'order-not-found':
      return 404;
    case 'idempotency-mismatch':
    case 'refund-in-flight':
      return 409;
    case 'refund-not-booked':
    case 'refund-not-possible':
    case 'refund-too-large':
      return 422;
    default:
      return exhaustive(code);
  }
}
