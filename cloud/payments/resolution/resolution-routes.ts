import Type, { type Static } from 'typebox';
import type { OperatorId, OrderId, PersonId } from '#shared/ids/ids.ts';
import { idPattern } from '#shared/ids/ids.ts';
import { OrderIdSchema } from '#shared/wire/v1/common.ts';
import type { AttemptKey } from '#cloud/payments/attempt.ts';
import type { PeopleVerdict } from '#cloud/payments/payment-machine.ts';
import {
  endPerson,
  listPersons,
  makePerson,
  personsListedMax,
} from '#cloud/persons/operator-persons.ts';
import { Nullable, PersonHeadersSchema, personOf, strict } from '#cloud/persons/person-door.ts';
import { closeResolutionBreak } from '#cloud/payments/resolution/resolution-checks.ts';
import {
  confirmResolution,
  proposeResolution,
  withdrawResolution,
  type ResolutionDeps,
} from '#cloud/payments/resolution/resolve-attempt.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';

const AttemptPathSchema = Type.Object(
  { orderId: OrderIdSchema, attempt: Type.Integer({ minimum: 1, maximum: 99 }) },
  strict,
);
const NoteSchema = Type.Object({ note: Type.String({ minLength: 3, maxLength: 300 }) }, strict);
const EvidenceSchema = Type.String({ minLength: 10, maxLength: 500 });
const VerdictSchema = Type.Union([
  Type.Object({ verdict: Type.Literal('not-paid'), evidence: EvidenceSchema }, strict),
  Type.Object(
    {
      verdict: Type.Literal('paid'),
      evidence: EvidenceSchema,
      /** The channel's number of the payment, as it stands in its own books. */
      channelRef: Type.String({ pattern: '^[0-9A-Za-z_-]{4,64}$' }),
      paidAtMs: Type.Integer({ minimum: 0 }),
    },
    strict,
  ),
]);

const PersonIdSchema = Type.String({ pattern: idPattern('prs') });

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'random' | 'operatorId'>;

/**
 * POST   /admin/v1/persons                                        makes a person; the key is told once
 * GET    /admin/v1/persons?after=                                 who they are, by id; never a key
 * DELETE /admin/v1/persons/{personId}                             his key is good for nothing any more
 * POST   /admin/v1/charges/{orderId}/{attempt}/resolution          one person proposes how it ended
 * POST   /admin/v1/charges/{orderId}/{attempt}/resolution/confirm  another one agrees: the charge ends
 * POST   /admin/v1/charges/{orderId}/{attempt}/resolution/withdraw either thinks again
 * POST   /admin/v1/charges/{orderId}/{attempt}/resolution/close-break  why the channel said otherwise is known
 */
export function registerResolutionRoutes(
  app: CloudApp,
  deps: Deps,
  payments: ResolutionDeps,
): void {
  registerPersonRoutes(app, deps);
  registerDecisions(app, deps, payments);
  const path = '/admin/v1/charges/:orderId/:attempt/resolution';
  const schema = {
    params: AttemptPathSchema,
    headers: PersonHeadersSchema,
    body: NoteSchema,
    response: { 200: Type.Object({ done: Type.Boolean() }) },
  };
  const withdraw = { ...schema, summary: 'Take back what was proposed' };
  app.post(`${path}/withdraw`, { schema: withdraw }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined)
      return sendProblem(reply, { status: 403, code: 'person-key-invalid' });
    const withdrawal = { by: person.personId, note: request.body.note };
    const key = keyOf(deps.operatorId, request.params);
    const done = await withdrawResolution(deps, key, withdrawal);
    if (done.ok) return { done: true };
    const status = done.error.code === 'resolution-impossible' ? 404 : 409;
    return sendProblem(reply, { status, ...done.error });
  });
  const closeBreak = { ...schema, summary: 'Say why the channel said otherwise' };
  app.post(`${path}/close-break`, { schema: closeBreak }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined)
      return sendProblem(reply, { status: 403, code: 'person-key-invalid' });
    const key = keyOf(deps.operatorId, request.params);
    const closing = { ...key, by: person.name, note: request.body.note, nowMs: deps.clock.nowMs() };
    return (await closeResolutionBreak(deps.db, closing)) === undefined
      ? sendProblem(reply, { status: 404, code: 'resolution-impossible' })
      : { done: true };
  });
}

function registerPersonRoutes(app: CloudApp, deps: Deps): void {
  app.post(
    '/admin/v1/persons',
    {
      schema: {
        summary: 'Make a person with a key of his own',
        body: Type.Object({ name: Type.String({ minLength: 1, maxLength: 40 }) }, strict),
        response: {
          201: Type.Object({ personId: Type.String(), name: Type.String(), key: Type.String() }),
        },
      },
    },
    async (request, reply) => reply.code(201).send(await makePerson(deps, request.body.name)),
  );
  registerPersonList(app, deps);
  const PersonPathSchema = Type.Object({ personId: PersonIdSchema }, strict);
  app.delete(
    '/admin/v1/persons/:personId',
    {
      schema: {
        summary: 'End the key of a person',
        params: PersonPathSchema,
        response: { 200: Type.Object({ done: Type.Boolean() }) },
      },
    },
    async (request, reply) => {
      const personId = request.params.personId as PersonId;
      const ended = { operatorId: deps.operatorId, personId, nowMs: deps.clock.nowMs() };
      return (await endPerson(deps.db, ended))
        ? { done: true }
        : sendProblem(reply, { status: 404, code: 'not-found' });
    },
  );
}

function registerPersonList(app: CloudApp, { db, operatorId }: Deps): void {
  const Person = Type.Object({
    personId: PersonIdSchema,
    name: Type.String(),
    madeAtMs: Type.Integer(),
    endedAtMs: Nullable(Type.Integer()),
  });
  const schema = {
    summary: 'Persons and their ids',
    querystring: Type.Object({ after: Type.Optional(PersonIdSchema) }, strict),
    response: {
      200: Type.Object({
        persons: Type.Array(Person, { maxItems: personsListedMax }),
        more: Type.Boolean(),
      }),
    },
  };
  app.get('/admin/v1/persons', { schema }, async (request) => {
    const persons = await listPersons(db, { operatorId, after: request.query.after ?? '' });
    return { persons, more: persons.length === personsListedMax };
  });
}

function registerDecisions(app: CloudApp, deps: Deps, payments: ResolutionDeps): void {
  const path = '/admin/v1/charges/:orderId/:attempt/resolution';
  app.post(
    path,
    {
      schema: {
        summary: 'Propose how a charge ended',
        params: AttemptPathSchema,
        headers: PersonHeadersSchema,
        body: VerdictSchema,
        response: { 201: Type.Object({ proposalNo: Type.Integer() }) },
      },
    },
    async (request, reply) => {
      const person = await personOf(deps, request.headers);
      if (person === undefined)
        return sendProblem(reply, { status: 403, code: 'person-key-invalid' });
      const { evidence } = request.body;
      const proposal = { verdict: verdictOf(request.body), evidence, by: person.personId };
      const key = keyOf(deps.operatorId, request.params);
      const proposed = await proposeResolution(payments, key, proposal);
      return proposed.ok
        ? reply.code(201).send(proposed.value)
        : sendProblem(reply, { status: 409, ...proposed.error });
    },
  );
  app.post(
    `${path}/confirm`,
    {
      schema: {
        summary: 'Confirm what another person proposed',
        params: AttemptPathSchema,
        headers: PersonHeadersSchema,
        body: NoteSchema,
        response: { 200: Type.Object({ status: Type.String() }) },
      },
    },
    async (request, reply) => {
      const person = await personOf(deps, request.headers);
      if (person === undefined)
        return sendProblem(reply, { status: 403, code: 'person-key-invalid' });
      const confirmation = { by: person.personId, note: request.body.note };
      const key = keyOf(deps.operatorId, request.params);
      const done = await confirmResolution(payments, key, confirmation);
      return done.ok
        ? { status: done.value.progress.status }
        : sendProblem(reply, { status: 409, ...done.error });
    },
  );
}

const verdictOf = (body: Static<typeof VerdictSchema>): PeopleVerdict =>
  body.verdict === 'paid'
    ? { type: 'paid', channelRef: body.channelRef, paidAtMs: body.paidAtMs }
    : { type: 'not-paid' };

const keyOf = (operatorId: OperatorId, path: Static<typeof AttemptPathSchema>): AttemptKey => ({
  operatorId,
  orderId: path.orderId as OrderId,
  attempt: path.attempt,
});
