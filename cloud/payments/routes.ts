import Type, { type Static } from 'typebox';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { ChargeRequestSchema, ChargeSchema } from '#shared/wire/v1/charges.ts';
import { OrderIdSchema } from '#shared/wire/v1/common.ts';
import { terminalOf } from '#cloud/identity/terminal-identity.ts';
import {
  cancelCharge,
  readCharge,
  startCharge,
  type ChargeRefused,
  type TillIdentity,
} from '#cloud/payments/charge.ts';
import type { AttemptKey } from '#cloud/payments/attempt.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { networkOf } from '#cloud/review/network.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';

const AttemptPathSchema = Type.Object(
  { orderId: OrderIdSchema, attempt: Type.Integer({ minimum: 1, maximum: 99 }) },
  { additionalProperties: false },
);

/**
 * The routes of shared/wire/v1/charges.ts. Refusals are problems; where an attempt stands is always
 * a Charge.
 */
export function registerPaymentRoutes(app: CloudApp, deps: PaymentDeps): void {
  const response = { 200: ChargeSchema };
  app.post(
    '/v1/charges',
    { schema: { summary: 'Charge a scanned payment code', body: ChargeRequestSchema, response } },
    async (request, reply) => {
      const till = { ...terminalOf(request), network: networkOf(request.ip) };
      const charge = await startCharge(deps, till, request.body);
      return charge.ok ? charge.value : sendProblem(reply, problemOf(charge.error));
    },
  );
  app.get(
    '/v1/charges/:orderId/:attempt',
    { schema: { summary: 'Where a charge stands', params: AttemptPathSchema, response } },
    async (request, reply) => {
      const till = terminalOf(request);
      const charge = await readCharge(deps, till, keyOf(till, request.params));
      return charge.ok ? charge.value : sendProblem(reply, problemOf(charge.error));
    },
  );
  app.post(
    '/v1/charges/:orderId/:attempt/cancel',
    { schema: { summary: 'Call a charge off', params: AttemptPathSchema, response } },
    async (request, reply) => {
      const till = terminalOf(request);
      const charge = await cancelCharge(deps, till, keyOf(till, request.params));
      return charge.ok ? charge.value : sendProblem(reply, problemOf(charge.error));
    },
  );
}

const keyOf = (till: TillIdentity, path: Static<typeof AttemptPathSchema>): AttemptKey => ({
  operatorId: till.operatorId,
  orderId: path.orderId as OrderId,
  attempt: path.attempt,
});

const problemOf = ({ code }: ChargeRefused): ProblemInput => ({ status: statusOf(code), code });

function statusOf(code: ChargeRefused['code']): number {
  switch (code) {
    case 'charge-not-found':
      return 404;
    case 'attempt-in-flight':
    case 'idempotency-mismatch':
    case 'order-already-paid':
    case 'order-number-closed':
    case 'voucher-reservation-invalid':
      return 409;
    // Not 503: a till must tell our own "nothing was sent" from a gateway that lost the answer.
    case 'channel-unreachable':
    case 'channel-quota-reached':
    case 'concession-rate-invalid':
    case 'no-channel':
    case 'sale-stopped-by-rule':
      return 422;
    default:
      return exhaustive(code);
  }
}
