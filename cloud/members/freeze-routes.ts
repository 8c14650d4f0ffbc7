import Type from 'typebox';
import {
  freezeMember,
  freezesListedMax,
  listFreezes,
  thawMember,
} from '#cloud/members/member-freeze.ts';
import { answerProposed, proposedAnswer, type Proposer } from '#cloud/persons/act-routes.ts';
import type { ActKinds } from '#cloud/persons/acts.ts';
import {
  nobody,
  Nullable,
  PersonHeadersSchema,
  personOf,
  strict,
  WhySchema,
} from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import type { MemberId } from '#shared/ids/ids.ts';
import { err, ok } from '#shared/result/result.ts';
import { MemberIdSchema } from '#shared/wire/v1/common.ts';

const params = Type.Object({ memberId: MemberIdSchema }, strict);
const body = Type.Object({ why: WhySchema }, strict);
const refusals: Readonly<Record<'member-unknown' | 'already-frozen' | 'not-frozen', ProblemInput>> =
  {
    'member-unknown': { status: 404, code: 'member-unknown' },
    'already-frozen': { status: 409, code: 'member-frozen' },
    'not-frozen': { status: 404, code: 'not-found', detail: 'the account is not frozen' },
  };

/** A frozen account goes on when two people say so. */
export const thawActs: ActKinds = {
  'thaw-member': {
    async execute(tx, { operatorId, subject, proposedBy, by, why, nowMs }) {
      const two = `${proposedBy} ${by}`;
      const memberId = subject as MemberId;
      const thawed = await thawMember(tx, { operatorId, memberId, by: two, why, nowMs });
      return thawed.ok ? ok({ days: thawed.value.days }) : err(refusals[thawed.error.type]);
    },
  },
};

/**
 * GET  /admin/v1/members/{memberId}/freezes      how often the account was held, by whom and why
 * POST /admin/v1/members/{memberId}/freeze {why} one person holds it, at once (x-person-key)
 * POST /admin/v1/members/{memberId}/thaw {why}   one person proposes to let it go on; another one agrees
 */
export function registerFreezeRoutes(app: CloudApp, deps: Proposer): void {
  const { db, clock, operatorId } = deps;
  const list = {
    summary: 'How often an account was held',
    params,
    response: {
      200: Type.Object({
        freezes: Type.Array(
          Type.Object({
            frozenAtMs: Type.Integer(),
            frozenBy: Type.String(),
            frozenWhy: Type.String(),
            thawedAtMs: Nullable(Type.Integer()),
            thawedBy: Nullable(Type.String()),
            thawedWhy: Nullable(Type.String()),
          }),
          { maxItems: freezesListedMax },
        ),
      }),
    },
  };
  app.get('/admin/v1/members/:memberId/freezes', { schema: list }, async (request) => {
    const memberId = request.params.memberId as MemberId;
    const freezes = await listFreezes(db, { operatorId, memberId });
    return { freezes: freezes.map((freeze) => ({ ...freeze })) };
  });
  const freeze = {
    summary: 'Hold an account',
    headers: PersonHeadersSchema,
    params,
    body,
    response: { 200: Type.Object({ frozen: Type.Literal(true) }) },
  };
  app.post('/admin/v1/members/:memberId/freeze', { schema: freeze }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const memberId = request.params.memberId as MemberId;
    const by = { by: person.personId, why: request.body.why, nowMs: clock.nowMs() };
    const frozen = await retriedTransaction(db, (tx) =>
      freezeMember(tx, { operatorId, memberId, ...by }),
    );
    return frozen.ok
      ? reply.send({ frozen: true as const })
      : sendProblem(reply, refusals[frozen.error.type]);
  });
  const thaw = {
    summary: 'Propose to let an account go on',
    headers: PersonHeadersSchema,
    params,
    body,
    response: proposedAnswer,
  };
  app.post('/admin/v1/members/:memberId/thaw', { schema: thaw }, async (request, reply) => {
    const { why } = request.body;
    const act = { kind: 'thaw-member', subject: request.params.memberId, what: {}, why };
    return await answerProposed(reply, deps, { headers: request.headers, ...act });
  });
}
