import Type from 'typebox';
import {
  nobody,
  Nullable,
  NoteSchema,
  PersonHeadersSchema,
  personOf,
  strict,
  WhySchema,
} from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { DryRunSchema, inTransaction, isDryRun } from '#cloud/platform/dry-run.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { PolicyChangeSchema, policyChangeOf } from '#cloud/policy/policy-schema.ts';
import { previewPolicy } from '#cloud/policy/policy-preview.ts';
import {
  approvePolicy,
  listProposals,
  proposalsListedMax,
  proposePolicy,
  withdrawPolicy,
  type ProposalError,
} from '#cloud/policy/policy-store.ts';
import { listPolicyVersions, policyOn, versionsPerPage } from '#cloud/policy/policy-versions.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { isPeriod, periodPattern } from '#shared/time/period.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { PersonId } from '#shared/ids/ids.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId'>;

const ProposalSchema = Type.Object({
  proposalNo: Type.Integer(),
  baseVersion: Type.Integer(),
  effectivePeriod: Type.String(),
  effectiveFrom: Type.String(),
  changes: Type.Array(Type.Object({ key: Type.String(), from: Type.Any(), to: Type.Any() })),
  why: Type.String(),
  proposedBy: Type.String(),
  proposedAtMs: Type.Integer(),
  state: Type.String(),
  endedBy: Nullable(Type.String()),
  endedAtMs: Nullable(Type.Integer()),
  endedNote: Nullable(Type.String()),
  version: Nullable(Type.Integer()),
});
const PreviewedSchema = Type.Object({
  gateOpen: Type.Boolean(),
  gateReason: Type.String(),
  multBp: Type.Integer(),
  binding: Type.String(),
  budgetFen: Type.Integer(),
  nBase: Type.Integer(),
});
/** What the last close would have been under the proposed rules; null before the first close. */
const PreviewSchema = Nullable(
  Type.Object({ period: Type.String(), before: PreviewedSchema, after: PreviewedSchema }),
);
const VersionSchema = Type.Object({
  version: Type.Integer(),
  effectivePeriod: Type.String(),
  effectiveFrom: Type.String(),
  preset: Type.String(),
  changes: ProposalSchema.properties.changes,
  proposedBy: Type.String(),
  approvedBy: Type.String(),
  announcedAtMs: Nullable(Type.Integer()),
});

/**
 * GET  /admin/v1/policy?before={version}                    the rules in force, versions newest first: who, when, what changed
 * GET  /admin/v1/policy/proposals                           what was ever proposed and how it ended
 * POST /admin/v1/policy/proposals {changes, effectivePeriod, why}   one person proposes (x-person-key)
 * POST /admin/v1/policy/proposals/{no}/approve {note}        another one approves: it is a version
 * POST /admin/v1/policy/proposals/{no}/withdraw {note}       either thinks again
 * With ?dryRun=1 a POST computes and answers all, and stores nothing.
 */
export function registerPolicyRoutes(app: CloudApp, deps: Deps): void {
  registerReads(app, deps);
  registerPropose(app, deps);
  registerEndings(app, deps);
}

function registerReads(app: CloudApp, { db, clock, operatorId }: Deps): void {
  const policy = {
    summary: 'The rules in force and every version of them',
    querystring: Type.Object(
      { before: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647 })) },
      strict,
    ),
    response: {
      200: Type.Object({
        version: Type.Integer(),
        preset: Type.String(),
        config: Type.Record(Type.String(), Type.Unknown()),
        versions: Type.Array(VersionSchema, { maxItems: versionsPerPage }),
      }),
    },
  };
  app.get('/admin/v1/policy', { schema: policy }, async ({ query: { before } }) => {
    const today = accountingDate(clock.nowMs());
    const versions = await listPolicyVersions(db, { operatorId, before });
    return { ...(await policyOn(db, { operatorId, day: today })), versions: versions.map(mutable) };
  });
  const proposals = {
    summary: 'Proposals to change the rules',
    response: {
      200: Type.Object({ proposals: Type.Array(ProposalSchema, { maxItems: proposalsListedMax }) }),
    },
  };
  app.get('/admin/v1/policy/proposals', { schema: proposals }, async () => ({
    proposals: (await listProposals(db, { operatorId, nowMs: clock.nowMs() })).map(mutable),
  }));
}

function registerPropose(app: CloudApp, deps: Deps): void {
  const { db, clock, operatorId } = deps;
  const schema = {
    summary: 'Propose to change the rules',
    headers: PersonHeadersSchema,
    querystring: DryRunSchema,
    body: Type.Object(
      {
        changes: PolicyChangeSchema,
        effectivePeriod: Type.String({ pattern: periodPattern }),
        why: WhySchema,
      },
      strict,
    ),
    response: { 201: Type.Object({ proposal: ProposalSchema, preview: PreviewSchema }) },
  };
  app.post('/admin/v1/policy/proposals', { schema }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const { effectivePeriod, why } = request.body;
    if (!isPeriod(effectivePeriod))
      return sendProblem(reply, { status: 400, code: 'request-invalid', detail: 'no such period' });
    const change = policyChangeOf(request.body.changes);
    const by: PersonId = person.personId;
    const act = { operatorId, by, nowMs: clock.nowMs(), change, effectivePeriod, why };
    const proposed = await inTransaction(db, { dryRun: isDryRun(request.query) }, async (tx) => {
      const made = await proposePolicy(tx, act);
      if (!made.ok) return made;
      const preview = await previewPolicy(tx, { operatorId, ...made.value.configs });
      return { ok: true as const, value: { ...made.value, preview: preview ?? null } };
    });
    if (!proposed.ok) return sendProblem(reply, problemOf(proposed.error));
    const { proposal, preview } = proposed.value;
    return reply.code(201).send({ proposal: mutable(proposal), preview });
  });
}

function registerEndings(app: CloudApp, deps: Deps): void {
  const { db, clock, operatorId } = deps;
  const schema = {
    summary: 'End a proposal to change the rules',
    headers: PersonHeadersSchema,
    querystring: DryRunSchema,
    params: Type.Object({ proposalNo: Type.Integer({ minimum: 1, maximum: 1_000_000 }) }),
    body: Type.Object({ note: NoteSchema }, strict),
    response: { 200: ProposalSchema },
  };
  for (const [word, end] of [
    ['approve', approvePolicy],
    ['withdraw', withdrawPolicy],
  ] as const)
    app.post(
      `/admin/v1/policy/proposals/:proposalNo/${word}`,
      { schema },
      async (request, reply) => {
        const person = await personOf(deps, request.headers);
        if (person === undefined) return sendProblem(reply, nobody);
        const { proposalNo } = request.params;
        const { note } = request.body;
        const by: PersonId = person.personId;
        const act = { operatorId, by, nowMs: clock.nowMs(), proposalNo, note };
        const mode = { dryRun: isDryRun(request.query) };
        const ended = await inTransaction(db, mode, (tx) => end(tx, act));
        if (!ended.ok) return sendProblem(reply, problemOf(ended.error));
        return reply.send(mutable(ended.value));
      },
    );
}

/** The wire's types know no readonly arrays. */
const mutable = <T extends { readonly changes: readonly object[] }>(proposal: T) => ({
  ...proposal,
  changes: proposal.changes.map((change) => ({ ...change })) as {
    key: string;
    from: unknown;
    to: unknown;
  }[],
});

function problemOf(error: ProposalError): ProblemInput {
  switch (error.type) {
    case 'config-out-of-range': {
      const detail = `${error.key} is ${error.value}, legal is ${error.min} to ${error.max}`;
      return { status: 422, code: 'policy-out-of-range', detail };
    }
    case 'policy-notice-too-short':
      return { status: 422, code: error.type, detail: `not before ${error.earliestDay}` };
    case 'period-kind-differs':
      return { status: 422, code: error.type, detail: `periods are of kind ${error.kind}` };
    case 'policy-unchanged':
      return { status: 422, code: 'request-invalid', detail: 'the proposal changes nothing' };
    case 'proposal-unknown':
      return { status: 404, code: 'not-found', detail: 'no such proposal' };
    case 'period-kind-fixed':
    case 'person-act-lapsed':
    case 'policy-proposal-ended':
    case 'policy-same-person':
      return { status: 409, code: error.type };
    default:
      return exhaustive(error);
  }
}
