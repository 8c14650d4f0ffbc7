import type { FastifyReply } from 'fastify';
import Type, { type Static } from 'typebox';
import {
  actsPerPage,
  agreeToAct,
  listActs,
  proposeAct,
  withdrawAct,
  type Act,
  type ActKinds,
} from '#cloud/persons/acts.ts';
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
import { sendProblem } from '#cloud/platform/problem.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId'>;

/** The largest integer of the database. */
const actNoMax = 2_147_483_647;

/** An act as it is told. What it will do is told too: secrets stand in it sealed. */
export const ActSchema = Type.Object({
  actNo: Type.Integer(),
  kind: Type.String(),
  subject: Type.String(),
  what: Type.Record(Type.String(), Type.Unknown()),
  why: Type.String(),
  proposedBy: Type.String(),
  proposedByName: Type.Optional(Nullable(Type.String())),
  proposedAtMs: Type.Integer(),
  state: Type.String(),
  endedBy: Nullable(Type.String()),
  endedByName: Type.Optional(Nullable(Type.String())),
  endedAtMs: Nullable(Type.Integer()),
  endedNote: Nullable(Type.String()),
  outcome: Nullable(Type.Record(Type.String(), Type.Unknown())),
});

/** The answers of a route that proposes: 202, because nothing is done yet. */
export const proposedAnswer = { 202: ActSchema };

/** What a route needs to let one person propose. */
export type Proposer = Deps & { readonly acts: ActKinds };

/** Answers 202 with the act that now waits for another person, or says why not. */
export async function answerProposed<R extends FastifyReply>(
  reply: R,
  deps: Proposer,
  act: { readonly headers: Static<typeof PersonHeadersSchema> } & Pick<
    Act,
    'kind' | 'subject' | 'what' | 'why'
  >,
): Promise<R> {
  const { headers, ...wanted } = act;
  const person = await personOf(deps, headers);
  if (person === undefined) return sendProblem(reply, nobody);
  const doing = {
    operatorId: deps.operatorId,
    by: person.personId,
    nowMs: deps.clock.nowMs(),
  };
  const proposed = await retriedTransaction(deps.db, (tx) =>
    proposeAct(tx, deps.acts, { ...wanted, ...doing }),
  );
  if (!proposed.ok) return sendProblem(reply, proposed.error);
  return reply.code(202).send({ ...proposed.value });
}

/**
 * GET  /admin/v1/acts?state=&before=          what people proposed and how it ended, newest first
 * POST /admin/v1/acts/{no}/agree {note}        another person agrees: it is done (x-person-key)
 * POST /admin/v1/acts/{no}/withdraw {note}     either thinks again
 * One that nobody agreed to within 72 hours has lapsed.
 * Acts are proposed where they belong: at the hold, the agent, the member.
 */
export function registerActRoutes(app: CloudApp, deps: Proposer): void {
  const { db, operatorId } = deps;
  const list = {
    summary: 'What one person proposed and another one has to agree to',
    querystring: Type.Object(
      {
        state: Type.Optional(
          Type.Union([
            Type.Literal('proposed'),
            Type.Literal('done'),
            Type.Literal('withdrawn'),
            Type.Literal('lapsed'),
          ]),
        ),
        before: Type.Optional(Type.Integer({ minimum: 1, maximum: actNoMax })),
      },
      strict,
    ),
    response: { 200: Type.Object({ acts: Type.Array(ActSchema, { maxItems: actsPerPage }) }) },
  };
  app.get('/admin/v1/acts', { schema: list }, async (request) => ({
    acts: (await listActs(db, { operatorId, nowMs: deps.clock.nowMs(), ...request.query })).map(
      (act) => ({ ...act }),
    ),
  }));
  registerEndings(app, deps);
}

function registerEndings(app: CloudApp, deps: Proposer): void {
  const schema = {
    summary: 'End what another person proposed',
    headers: PersonHeadersSchema,
    params: Type.Object({ actNo: Type.Integer({ minimum: 1, maximum: actNoMax }) }, strict),
    body: Type.Object({ note: NoteSchema }, strict),
    response: { 200: ActSchema },
  };
  for (const word of ['agree', 'withdraw'] as const)
    app.post(`/admin/v1/acts/:actNo/${word}`, { schema }, async (request, reply) => {
      const person = await personOf(deps, request.headers);
      if (person === undefined) return sendProblem(reply, nobody);
      const ending = {
        operatorId: deps.operatorId,
        by: person.personId,
        nowMs: deps.clock.nowMs(),
        actNo: request.params.actNo,
        note: request.body.note,
      };
      const ended = await retriedTransaction(deps.db, (tx) =>
        word === 'agree' ? agreeToAct(tx, deps.acts, ending) : withdrawAct(tx, ending),
      );
      if (!ended.ok) return sendProblem(reply, ended.error);
      if (word === 'agree') await deps.acts[ended.value.kind]?.told?.();
      return reply.send({ ...ended.value });
    });
}
