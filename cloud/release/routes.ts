import Type, { type Static } from 'typebox';
import { closePeriod, readClose } from '#cloud/release/close-period.ts';
import { runDaily } from '#cloud/release/daily-run.ts';
import { readMemberRelease } from '#cloud/release/member-release.ts';
import { readRun, runReleaseDay } from '#cloud/release/release-day.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import type { MemberId } from '#shared/ids/ids.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { isPeriod, periodPattern, periodSpan } from '#shared/time/period.ts';
import {
  BusinessDateSchema,
  HashSchema,
  MemberIdSchema,
  VoucherIdSchema,
} from '#shared/wire/v1/common.ts';

interface Deps extends Pick<CloudDeps, 'db' | 'clock' | 'operatorId'> {
  /** Checks every law of the books and raises a hold for what is broken: nothing is released on yesterday's proof. */
  readonly proveFirst: () => Promise<unknown>;
}

/** A period of any kind; {@link isPeriod} tells whether there is one of this name. */
const PeriodSchema = Type.String({ pattern: periodPattern });

/** What a decision was made of, as it was stored: a fixed set of keys, see explain() and postRun(). */
const ExplanationSchema = Type.Record(Type.String(), Type.Unknown());

const closeFields = {
  period: PeriodSchema,
  gateOpen: Type.Boolean(),
  gateReason: Type.String(),
  multBp: Type.Integer(),
  budgetFen: Type.Integer(),
  nBase: Type.Integer(),
  explanationHash: HashSchema,
};
const CloseAnswerSchema = Type.Object({ ...closeFields, isNew: Type.Boolean() });
const StoredCloseSchema = Type.Object({
  ...closeFields,
  configVersion: Type.Integer(),
  explanation: ExplanationSchema,
});

const runFields = {
  runId: Type.String(),
  limitFen: Type.Integer(),
  binding: Type.String(),
  theta: Type.String(),
  releasedFen: Type.Integer(),
  pointsUsed: Type.Integer(),
  accountCount: Type.Integer(),
  explanationHash: HashSchema,
};
const RunAnswerSchema = Type.Object({ ...runFields, isNew: Type.Boolean() });
const StoredRunSchema = Type.Object({
  ...runFields,
  explanation: ExplanationSchema,
  snapshot: ExplanationSchema,
});

const MemberReleaseSchema = Type.Object({
  memberId: MemberIdSchema,
  runId: Type.String(),
  runBinding: Type.String(),
  limitFen: Type.Integer(),
  theta: Type.String(),
  allocFen: Type.Integer(),
  bound: Type.Union([
    Type.Literal('want'),
    Type.Literal('month-cap'),
    Type.Literal('share'),
    Type.Literal('nothing'),
  ]),
  allocation: Type.Union([
    Type.Null(),
    Type.Object({
      duePoints: Type.Integer(),
      multBp: Type.Integer(),
      wantFen: Type.Integer(),
      mostFen: Type.Integer(),
      pointsUsed: Type.Integer(),
      voucherId: VoucherIdSchema,
    }),
  ]),
  explanationHash: HashSchema,
});

/**
 * POST /admin/v1/period-closes {period}         closes a month that is over, once: gate, multiplier, budget
 * GET  /admin/v1/period-closes/{period}         the stored close with its explanation
 * POST /admin/v1/release-runs {period, day}     runs one day of a closed period's window, once
 * GET  /admin/v1/release-runs/{period}/{day}    the stored run with its explanation and the snapshot it was made of
 * GET  /admin/v1/release-runs/{period}/{day}/members/{memberId}   why one member got what he got
 * POST /admin/v1/daily-runs {day}               ends vouchers and unclaimed points whose time is over; runs by itself
 * A second POST answers what the first one stored, with isNew false.
 */
export function registerReleaseRoutes(app: CloudApp, deps: Deps): void {
  registerCloses(app, deps);
  registerRuns(app, deps);
  registerMemberRelease(app, deps);
  registerDaily(app, deps);
}

function registerCloses(app: CloudApp, { db, clock, operatorId }: Deps): void {
  const close = {
    summary: 'Close a period',
    body: Type.Object({ period: PeriodSchema }, { additionalProperties: false }),
    response: { 200: CloseAnswerSchema },
  };
  app.post('/admin/v1/period-closes', { schema: close }, async (request, reply) => {
    const { period } = request.body;
    if (!isPeriod(period)) return sendProblem(reply, noSuchPeriod);
    // A slip of the pen must not close years to come: a closed period never reopens.
    if (periodSpan(period).lastDay >= accountingDate(clock.nowMs()))
      return sendProblem(reply, { status: 409, code: 'period-not-over' });
    const closed = await db.transaction((tx) => closePeriod(tx, { operatorId, period }));
    if (closed.ok) return reply.send(closed.value);
    const detail =
      closed.error.type === 'period-kind-differs'
        ? closed.error.kind
        : `the next period to close is ${closed.error.expectedPeriod}`;
    return sendProblem(reply, { status: 409, code: closed.error.type, detail });
  });

  const read = {
    summary: 'A stored period close',
    params: Type.Object({ period: PeriodSchema }),
    response: { 200: StoredCloseSchema },
  };
  app.get('/admin/v1/period-closes/:period', { schema: read }, async (request, reply) => {
    const stored = await readClose(db, { operatorId, period: request.params.period });
    return stored === undefined ? sendProblem(reply, notStored) : reply.send({ ...stored });
  });
}

const notStored = { status: 404, code: 'not-found' } as const;
const noSuchDay = { status: 400, code: 'request-invalid', detail: 'no such day' } as const;

const noSuchPeriod = { status: 400, code: 'request-invalid', detail: 'no such period' } as const;

const RunParamsSchema = Type.Object({ period: PeriodSchema, day: BusinessDateSchema });

function registerRuns(app: CloudApp, { db, clock, operatorId, proveFirst }: Deps): void {
  const release = {
    summary: 'Run one release day',
    body: Type.Object(RunParamsSchema.properties, { additionalProperties: false }),
    response: { 200: RunAnswerSchema },
  };
  app.post('/admin/v1/release-runs', { schema: release }, async (request, reply) => {
    const { period, day } = request.body;
    if (!isPeriod(period)) return sendProblem(reply, noSuchPeriod);
    if (!isCalendarDay(day)) return sendProblem(reply, noSuchDay);
    // A run is stored for good: one of a day without its sales would give that day nothing.
    if (day > accountingDate(clock.nowMs()))
      return sendProblem(reply, { status: 409, code: 'day-in-future' });
    await proveFirst();
    const run = await db.transaction((tx) => runReleaseDay(tx, { operatorId, ...request.body }));
    if (run.ok) return reply.send(run.value);
    const detail = run.error.type === 'release-held' ? run.error.reasons.join(', ') : undefined;
    return sendProblem(reply, {
      status: 409,
      code: run.error.type,
      ...(detail === undefined ? {} : { detail }),
    });
  });

  const read = {
    summary: 'A stored release run',
    params: RunParamsSchema,
    response: { 200: StoredRunSchema },
  };
  app.get('/admin/v1/release-runs/:period/:day', { schema: read }, async (request, reply) => {
    if (!isCalendarDay(request.params.day)) return sendProblem(reply, noSuchDay);
    const stored = await readRun(db, { operatorId, ...request.params });
    return stored === undefined ? sendProblem(reply, notStored) : reply.send({ ...stored });
  });
}

function registerMemberRelease(app: CloudApp, { db, operatorId }: Deps): void {
  const schema = {
    summary: 'Why one member got what he got on a release day',
    params: Type.Object({ ...RunParamsSchema.properties, memberId: MemberIdSchema }),
    response: { 200: MemberReleaseSchema },
  };
  const path = '/admin/v1/release-runs/:period/:day/members/:memberId';
  app.get(path, { schema }, async (request, reply) => {
    const { period, day } = request.params;
    if (!isCalendarDay(day)) return sendProblem(reply, noSuchDay);
    const memberId = request.params.memberId as MemberId;
    const found = await readMemberRelease(db, { operatorId, period, day, memberId });
    if (found === undefined) return sendProblem(reply, notStored);
    return reply.send(found satisfies Static<typeof MemberReleaseSchema>);
  });
}

function registerDaily(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'End vouchers and unclaimed points whose time is over',
    body: Type.Object({ day: BusinessDateSchema }, { additionalProperties: false }),
    response: {
      200: Type.Object({
        day: BusinessDateSchema,
        expiredVouchers: Type.Integer(),
        backToFundFen: Type.Integer(),
        lapsedLots: Type.Integer(),
      }),
    },
  };
  app.post('/admin/v1/daily-runs', { schema }, async (request, reply) => {
    const { day } = request.body;
    if (!isCalendarDay(day)) return sendProblem(reply, noSuchDay);
    const run = await runDaily(deps, day);
    if (run.ok) return reply.send(run.value);
    return sendProblem(reply, { status: 409, code: run.error.type });
  });
}
