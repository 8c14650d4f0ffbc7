import Type from 'typebox';
import { standingReasons } from '#cloud/ledger/release-hold.ts';
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
import {
  adjustmentsListedMax,
  listAdjustments,
  postAdjustment,
  proposeAdjustment,
  withdrawAdjustment,
  type AdjustError,
} from '#cloud/release/adjust/adjustments.ts';
import { finishOpenRunOrClose } from '#cloud/release/finish-open.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';
import type { MemberId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { isPeriod, periodPattern } from '#shared/time/period.ts';
import { BusinessDateSchema, MemberIdSchema } from '#shared/wire/v1/common.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId'>;

/** Far above what a person is ever due for; it only keeps slips of the pen out. */
const adjustmentFenMax = 100_000_000;

const AdjustmentSchema = Type.Object({
  adjustmentNo: Type.Integer(),
  period: Type.String(),
  day: Type.String(),
  memberId: MemberIdSchema,
  kind: Type.String(),
  valueFen: Type.Integer(),
  points: Type.Integer(),
  why: Type.String(),
  proposedBy: Type.String(),
  proposedAtMs: Type.Integer(),
  state: Type.String(),
  endedBy: Nullable(Type.String()),
  endedAtMs: Nullable(Type.Integer()),
  endedNote: Nullable(Type.String()),
  explanation: Nullable(Type.Record(Type.String(), Type.Unknown())),
  explanationHash: Nullable(Type.String()),
});

/**
 * GET  /admin/v1/release-adjustments                          every correction: who, when, why, and its explanation
 * POST /admin/v1/release-adjustments {period, day, ...}        one person proposes to correct a posted run (x-person-key)
 * POST /admin/v1/release-adjustments/{no}/post {note}          another one agrees: it is in the books
 * POST /admin/v1/release-adjustments/{no}/withdraw {note}      either thinks again
 * With ?dryRun=1 a POST computes and answers all, and stores nothing.
 */
export function registerAdjustRoutes(app: CloudApp, deps: Deps): void {
  const { db, operatorId } = deps;
  const list = {
    summary: 'Corrections of release runs',
    response: {
      200: Type.Object({
        adjustments: Type.Array(AdjustmentSchema, { maxItems: adjustmentsListedMax }),
      }),
    },
  };
  app.get('/admin/v1/release-adjustments', { schema: list }, async () => ({
    adjustments: (await listAdjustments(db, { operatorId, nowMs: deps.clock.nowMs() })).map(
      (row) => ({ ...row }),
    ),
  }));
  registerPropose(app, deps);
  registerEndings(app, deps);
}

function registerPropose(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Propose to correct a release run for one member',
    headers: PersonHeadersSchema,
    querystring: DryRunSchema,
    body: Type.Object(
      {
        period: Type.String({ pattern: periodPattern }),
        day: BusinessDateSchema,
        memberId: MemberIdSchema,
        kind: Type.Union([Type.Literal('give'), Type.Literal('take')]),
        valueFen: Type.Integer({ minimum: 1, maximum: adjustmentFenMax }),
        points: Type.Integer({ minimum: 0, maximum: adjustmentFenMax }),
        why: WhySchema,
      },
      strict,
    ),
    response: { 201: AdjustmentSchema },
  };
  app.post('/admin/v1/release-adjustments', { schema }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const { period, day, valueFen, points } = request.body;
    if (!isPeriod(period) || !isCalendarDay(day))
      return sendProblem(reply, { status: 400, code: 'request-invalid', detail: 'no such day' });
    const act = {
      ...request.body,
      valueFen: fen(valueFen),
      points: pointFen(points),
      memberId: request.body.memberId as MemberId,
      operatorId: deps.operatorId,
      by: person.personId,
      nowMs: deps.clock.nowMs(),
    };
    const mode = { dryRun: isDryRun(request.query) };
    if (!mode.dryRun) await endOpen(deps);
    const proposed = await inTransaction(deps.db, mode, (tx) => proposeAdjustment(tx, act));
    if (!proposed.ok) return sendProblem(reply, problemOf(proposed.error));
    return reply.code(201).send({ ...proposed.value });
  });
}

function registerEndings(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'End a proposed correction',
    headers: PersonHeadersSchema,
    querystring: DryRunSchema,
    params: Type.Object({ adjustmentNo: Type.Integer({ minimum: 1, maximum: 1_000_000 }) }),
    body: Type.Object({ note: NoteSchema }, strict),
    response: { 200: AdjustmentSchema },
  };
  for (const [word, end] of [
    ['post', postAdjustment],
    ['withdraw', withdrawAdjustment],
  ] as const) {
    const path = `/admin/v1/release-adjustments/:adjustmentNo/${word}`;
    app.post(path, { schema }, async (request, reply) => {
      const person = await personOf(deps, request.headers);
      if (person === undefined) return sendProblem(reply, nobody);
      const act = {
        operatorId: deps.operatorId,
        by: person.personId,
        nowMs: deps.clock.nowMs(),
        adjustmentNo: request.params.adjustmentNo,
        note: request.body.note,
      };
      const mode = { dryRun: isDryRun(request.query) };
      if (!mode.dryRun && word === 'post') await endOpen(deps);
      const ended = await inTransaction(deps.db, mode, (tx) => end(tx, act));
      if (!ended.ok) return sendProblem(reply, problemOf(ended.error));
      return reply.send({ ...ended.value });
    });
  }
}

/**
 * What stands open is ended in steps of its own, before the transaction that would hold the book for all of it. Under a
 * release hold nothing is ended: the transaction says so.
 */
async function endOpen({ db, operatorId }: Pick<Deps, 'db' | 'operatorId'>): Promise<void> {
  if ((await standingReasons(db, operatorId)).length === 0)
    await finishOpenRunOrClose(db, operatorId);
}

function problemOf(error: AdjustError): ProblemInput {
  switch (error.type) {
    case 'adjustment-refused':
      return { status: 422, code: error.type, detail: `${error.rule}: at most ${error.most}` };
    case 'run-unknown':
    case 'adjustment-unknown':
      return { status: 404, code: 'not-found', detail: error.type };
    case 'release-held':
      return { status: 409, code: error.type, detail: error.reasons.join(', ') };
    case 'person-act-lapsed':
    case 'policy-proposal-ended':
    case 'policy-same-person':
      return { status: 409, code: error.type };
    default:
      return exhaustive(error);
  }
}
