import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import Type from 'typebox';
import {
  nobody,
  Nullable,
  NoteSchema,
  PersonHeadersSchema,
  personOf,
  strict,
} from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { DryRunSchema, inTransaction, isDryRun } from '#cloud/platform/dry-run.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { distributeFund, type DistributeError } from '#cloud/policy/distribute-fund.ts';
import {
  endWindDownProposal,
  listWindDowns,
  plansPerPage,
  proposeWindDown,
  type WindDownError,
} from '#cloud/policy/wind-down.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { BusinessDateSchema } from '#shared/wire/v1/common.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId'>;

const TextSchema = Type.String({ minLength: 10, maxLength: 4000 });
const PlanSchema = Type.Object({
  planNo: Type.Integer(),
  stopOn: Type.String(),
  planZh: Type.String(),
  planEn: Type.String(),
  proposedBy: Type.String(),
  proposedAtMs: Type.Integer(),
  state: Type.String(),
  endedBy: Nullable(Type.String()),
  endedAtMs: Nullable(Type.Integer()),
  distributedAtMs: Nullable(Type.Integer()),
  distributedFen: Nullable(Type.Integer()),
  accountCount: Nullable(Type.Integer()),
  explanation: Nullable(Type.Record(Type.String(), Type.Unknown())),
  explanationHash: Nullable(Type.String()),
});
const PlanNoSchema = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
const PlanPathSchema = Type.Object({ planNo: PlanNoSchema });

/** Shares in one page of the export. */
const sharesPerPage = 10_000;

/**
 * GET  /admin/v1/wind-down?before={no}                          plans and what came of them, newest first
 * POST /admin/v1/wind-down {stopOn, planZh, planEn}              one person proposes to end (x-person-key)
 * POST /admin/v1/wind-down/{no}/publish {note}                   another one publishes it: it stands
 * POST /admin/v1/wind-down/{no}/withdraw {note}                  as long as it is not published
 * POST /admin/v1/wind-down/{no}/distribute                       divides the fund, once, when nothing is pending
 * GET  /admin/v1/wind-down/{no}/shares?after={memberId}          the export: CSV pages with their SHA-256
 * With ?dryRun=1 a POST computes and answers all, and stores nothing.
 */
export function registerWindDownRoutes(app: CloudApp, deps: Deps): void {
  const { db, operatorId } = deps;
  const schema = {
    summary: 'Plans to wind down',
    querystring: Type.Object({ before: Type.Optional(PlanNoSchema) }, strict),
    response: { 200: Type.Object({ plans: Type.Array(PlanSchema, { maxItems: plansPerPage }) }) },
  };
  app.get('/admin/v1/wind-down', { schema }, async ({ query: { before } }) => ({
    plans: (await listWindDowns(db, { operatorId, before, nowMs: deps.clock.nowMs() })).map(
      (plan) => ({ ...plan }),
    ),
  }));
  registerPropose(app, deps);
  registerEndings(app, deps);
  registerDistribute(app, deps);
  registerExport(app, deps);
}

function registerPropose(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Propose to wind down',
    headers: PersonHeadersSchema,
    querystring: DryRunSchema,
    body: Type.Object(
      { stopOn: BusinessDateSchema, planZh: TextSchema, planEn: TextSchema },
      strict,
    ),
    response: { 201: PlanSchema },
  };
  app.post('/admin/v1/wind-down', { schema }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    if (!isCalendarDay(request.body.stopOn))
      return sendProblem(reply, { status: 400, code: 'request-invalid', detail: 'no such day' });
    const who = { operatorId: deps.operatorId, by: person.personId, nowMs: deps.clock.nowMs() };
    const mode = { dryRun: isDryRun(request.query) };
    const made = await inTransaction(deps.db, mode, (tx) =>
      proposeWindDown(tx, { ...request.body, ...who }),
    );
    if (!made.ok) return sendProblem(reply, problemOf(made.error));
    return reply.code(201).send({ ...made.value });
  });
}

function registerEndings(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Publish or withdraw a plan to wind down',
    headers: PersonHeadersSchema,
    querystring: DryRunSchema,
    params: PlanPathSchema,
    body: Type.Object({ note: NoteSchema }, strict),
    response: { 200: PlanSchema },
  };
  for (const [word, to] of [
    ['publish', 'published'],
    ['withdraw', 'withdrawn'],
  ] as const)
    app.post(`/admin/v1/wind-down/:planNo/${word}`, { schema }, async (request, reply) => {
      const person = await personOf(deps, request.headers);
      if (person === undefined) return sendProblem(reply, nobody);
      const act = {
        operatorId: deps.operatorId,
        by: person.personId,
        nowMs: deps.clock.nowMs(),
        planNo: request.params.planNo,
        note: request.body.note,
        to,
      };
      const mode = { dryRun: isDryRun(request.query) };
      const ended = await inTransaction(deps.db, mode, (tx) => endWindDownProposal(tx, act));
      if (!ended.ok) return sendProblem(reply, problemOf(ended.error));
      return reply.send({ ...ended.value });
    });
}

function registerDistribute(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Divide the fund among the unreleased points',
    querystring: DryRunSchema,
    params: PlanPathSchema,
    response: { 200: PlanSchema },
  };
  const path = '/admin/v1/wind-down/:planNo/distribute';
  app.post(path, { schema }, async (request, reply) => {
    const { planNo } = request.params;
    const key = { operatorId: deps.operatorId, planNo, nowMs: deps.clock.nowMs() };
    const mode = { dryRun: isDryRun(request.query) };
    const done = await inTransaction(deps.db, mode, (tx) => distributeFund(tx, key));
    if (!done.ok) return sendProblem(reply, problemOf(done.error));
    return reply.send({ ...done.value });
  });
}

function registerExport(app: CloudApp, { db, operatorId }: Deps): void {
  const schema = {
    summary: 'Shares of a winding down as CSV',
    params: PlanPathSchema,
    querystring: Type.Object({ after: Type.Optional(Type.String({ maxLength: 40 })) }),
    response: {
      200: Type.Object({
        csv: Type.String(),
        sha256: Type.String(),
        /** Ask for the page after this member; null: this was the last one. */
        nextAfter: Nullable(Type.String()),
      }),
    },
  };
  app.get('/admin/v1/wind-down/:planNo/shares', { schema }, async (request) => {
    const { rows } = await db.execute<{ member_id: string; points: number; value_fen: number }>(sql`
      select member_id, points, value_fen from wind_down_share
       where operator_id = ${operatorId} and plan_no = ${request.params.planNo}
         and member_id > ${request.query.after ?? ''}
       order by member_id limit ${sharesPerPage}`);
    const lines = rows.map((row) => `${row.member_id},${row.points},${row.value_fen}`);
    const csv = ['member,point_fen,value_fen', ...lines, ''].join('\r\n');
    const nextAfter = rows.length < sharesPerPage ? null : rows.at(-1)!.member_id;
    return { csv, sha256: createHash('sha256').update(csv).digest('hex'), nextAfter };
  });
}

function problemOf(error: WindDownError | DistributeError): ProblemInput {
  switch (error.type) {
    case 'plan-unknown':
      return { status: 404, code: 'not-found', detail: 'no such plan' };
    case 'policy-notice-too-short':
      return { status: 422, code: error.type, detail: `not before ${error.earliestDay}` };
    case 'release-held':
      return { status: 409, code: error.type, detail: error.reasons.join(', ') };
    case 'not-settled':
      return { status: 409, code: 'wind-down-not-settled', detail: error.what };
    case 'person-act-lapsed':
    case 'policy-proposal-ended':
    case 'policy-same-person':
    case 'wind-down-running':
      return { status: 409, code: error.type };
    default:
      return exhaustive(error);
  }
}
