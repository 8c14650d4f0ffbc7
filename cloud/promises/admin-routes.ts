import Type from 'typebox';
import type { MerchantId } from '#shared/ids/ids.ts';
import {
  CashierSchema,
  MerchantIdSchema,
  PromiseKeptHowSchema,
  PromiseKindSchema,
} from '#shared/wire/v1/common.ts';
import { PromiseLimitsSchema } from '#shared/wire/v1/terminals.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { listPromises, promisesListedMax } from '#cloud/promises/list-promises.ts';
import { currentPromiseLimits, setPromiseLimits } from '#cloud/promises/promise-limits.ts';

const params = Type.Object({ merchantId: MerchantIdSchema }, { additionalProperties: false });
const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const PromisesSchema = Type.Object({
  limits: PromiseLimitsSchema,
  promises: Type.Array(
    Type.Object({
      orderId: Type.String(),
      terminalId: Type.String(),
      state: Type.String(),
      amountFen: Type.Integer(),
      businessDate: Type.String(),
      promisedAtMs: Type.Integer(),
      kind: PromiseKindSchema,
      who: Type.String(),
      approvedBy: Type.String(),
      kept: orNull(
        Type.Object({ how: PromiseKeptHowSchema, businessDate: Type.String(), by: Type.String() }),
      ),
      broken: orNull(Type.Object({ by: Type.String(), note: Type.String() })),
      flag: orNull(Type.String()),
    }),
    { maxItems: promisesListedMax },
  ),
});

const { version: _, ...limitFields } = PromiseLimitsSchema.properties;
const ChangeSchema = Type.Object(
  { ...limitFields, setBy: CashierSchema },
  { additionalProperties: false },
);

/**
 * GET /admin/v1/merchants/{merchantId}/promises         what is owed, what became of it, what is above the limits
 * PUT /admin/v1/merchants/{merchantId}/promise-limits   the owner's own limits, within the platform's bound
 */
export function registerPromiseAdminRoutes(app: CloudApp, deps: CloudDeps): void {
  const { db, operatorId } = deps;
  app.get(
    '/admin/v1/merchants/:merchantId/promises',
    { schema: { params, response: { 200: PromisesSchema } } },
    async (request) => {
      const shop = { operatorId, merchantId: request.params.merchantId as MerchantId };
      const promises = await listPromises(db, shop);
      return {
        limits: await currentPromiseLimits(db, shop),
        promises: promises.map(({ promise, flag, ...row }) => {
          const { type: _type, ...rest } = promise;
          return { ...row, ...rest, flag: flag ?? null };
        }),
      };
    },
  );
  app.put(
    '/admin/v1/merchants/:merchantId/promise-limits',
    { schema: { params, body: ChangeSchema, response: { 200: PromiseLimitsSchema } } },
    async (request, reply) => {
      const merchantId = request.params.merchantId as MerchantId;
      const { setBy, ...limits } = request.body;
      const change = { operatorId, merchantId, limits, setBy, nowMs: deps.clock.nowMs() };
      const set = await db.transaction((tx) => setPromiseLimits(tx, change));
      if (set.ok) return reply.send(set.value);
      const status = set.error.type === 'not-found' ? 404 : 409;
      return sendProblem(reply, { status, code: set.error.type });
    },
  );
}
