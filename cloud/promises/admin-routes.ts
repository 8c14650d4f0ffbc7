import Type from 'typebox';
import type { MerchantId } from '#shared/ids/ids.ts';
import { answerProposed, proposedAnswer, type Proposer } from '#cloud/persons/act-routes.ts';
import type { ActKinds } from '#cloud/persons/acts.ts';
import {
  nobody,
  PersonHeadersSchema,
  personOf,
  strict,
  WhySchema,
} from '#cloud/persons/person-door.ts';
import {
  MerchantIdSchema,
  PromiseKeptHowSchema,
  PromiseKindSchema,
} from '#shared/wire/v1/common.ts';
import { PromiseLimitsSchema } from '#shared/wire/v1/terminals.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { listPromises, promisesListedMax } from '#cloud/promises/list-promises.ts';
import {
  currentPromiseLimits,
  lowerPromiseLimits,
  setPromiseLimits,
  type LimitsRefused,
  type PromiseBounds,
} from '#cloud/promises/promise-limits.ts';
import { err, ok } from '#shared/result/result.ts';

const params = Type.Object({ merchantId: MerchantIdSchema }, strict);
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
const ChangeSchema = Type.Object({ ...limitFields, why: WhySchema }, strict);

const problemOf = ({ type }: LimitsRefused): ProblemInput => ({
  status: type === 'not-found' ? 404 : 409,
  code: type,
});

/** More goods on trust than before: two people say so. Subject is the shop. */
export const promiseActs: ActKinds = {
  'raise-promise-limits': {
    async execute(tx, { operatorId, subject, what, proposedBy, by, nowMs }) {
      const proposed = what as { readonly limits: PromiseBounds; readonly baseVersion?: number };
      const shop = { operatorId, merchantId: subject as MerchantId };
      const change = { ...shop, ...proposed, setBy: `${proposedBy} ${by}`, nowMs };
      const set = await setPromiseLimits(tx, change);
      return set.ok ? ok({ ...set.value }) : err(problemOf(set.error));
    },
  },
};

/**
 * GET /admin/v1/merchants/{merchantId}/promises         what is owed, what became of it, what is above the limits
 * PUT /admin/v1/merchants/{merchantId}/promise-limits   the owner's own limits, within the platform's bound: lowered at once
 *                                                       by one person (200); raised when another one agrees (202)
 */
export function registerPromiseAdminRoutes(app: CloudApp, deps: Proposer): void {
  const { db, operatorId } = deps;
  app.get(
    '/admin/v1/merchants/:merchantId/promises',
    {
      schema: {
        summary: 'What stands open on trust at a merchant',
        params,
        response: { 200: PromisesSchema },
      },
    },
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
  const schema = {
    summary: 'Lower what a shop may give on trust, or propose to raise it',
    headers: PersonHeadersSchema,
    params,
    body: ChangeSchema,
    response: { 200: PromiseLimitsSchema, ...proposedAnswer },
  };
  app.put('/admin/v1/merchants/:merchantId/promise-limits', { schema }, async (request, reply) => {
    const { headers } = request;
    const person = await personOf(deps, headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const merchantId = request.params.merchantId as MerchantId;
    const { why, ...limits } = request.body;
    const setBy = person.personId;
    const change = { operatorId, merchantId, limits, setBy, nowMs: deps.clock.nowMs() };
    const set = await retriedTransaction(db, (tx) => lowerPromiseLimits(tx, change));
    if (!set.ok) return sendProblem(reply, problemOf(set.error));
    if (!('raisedFrom' in set.value)) return reply.send(set.value);
    const what = { limits, baseVersion: set.value.raisedFrom };
    const act = { kind: 'raise-promise-limits', subject: merchantId, what, why };
    return await answerProposed(reply, deps, { headers, ...act });
  });
}
