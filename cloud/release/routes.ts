import Type from 'typebox';
import { closePeriod, type CloseError } from '#cloud/release/close-period.ts';
import { listCloses, readClose } from '#cloud/release/close/stored-closes.ts';
import { runDaily } from '#cloud/release/schedule/daily-run.ts';
import { registerMemberRelease } from '#cloud/release/member-release-routes.ts';
import { readRun, runReleaseDay, type ReleaseError } from '#cloud/release/release-day.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { DryRunSchema, inTransaction, isDryRun } from '#cloud/platform/dry-run.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { isPeriod, periodPattern, periodSpan } from '#shared/time/period.ts';
import { BusinessDateSchema, HashSchema } from '#shared/wire/v1/common.ts';

interface Deps extends Pick<CloudDeps, 'db' | 'clock' | 'operatorId' | 'config'> {
  /** Checks every law of the books and raises a hold for what is broken: nothing is released on yesterday's proof. */
  readonly proveFirst: () => Promise<unknown>;
}

/** A period of any kind; {@link isPeriod} tells whether there is one of this name. */
const PeriodSchema = Type.String({ pattern: periodPattern });

/** What a decision was made of, as it was stored: a fixed set of keys, see explainClose() and finishRun(). */
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
const CloseAnswerSchema = Type.Object({
  ...closeFields,
  explanation: ExplanationSchema,
  isNew: Type.Boolean(),
});
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
const RunAnswerSchema = Type.Object({
  ...runFields,
  explanation: ExplanationSchema,
  snapshot: Type.Optional(ExplanationSchema),
  isNew: Type.Boolean(),
});
const StoredRunSchema = Type.Object({
  ...runFields,
  explanation: ExplanationSchema,
  snapshot: ExplanationSchema,
});

/**
 * POST /admin/v1/period-closes {period}         closes a month that is over, once: gate, multiplier, budget
 * GET  /admin/v1/period-closes                  the last two dozen: both gate figures, forecast of the stock gate
 * GET  /admin/v1/period-closes/{period}         the stored close with its explanation
 * POST /admin/v1/release-runs {period, day}     runs one day of a closed period's window, once
 * GET  /admin/v1/release-runs/{period}/{day}    the stored run with its explanation and the snapshot it was made of
 * GET  /admin/v1/release-runs/{period}/{day}/members/{memberId}   why one member got what he got
 * POST /admin/v1/daily-runs {day}               ends vouchers and unclaimed points whose time is over; runs by itself
 * A second POST answers what the first one stored, with isNew false. With ?dryRun=1 a close or a
 * run is computed whole, in a transaction that is taken back: the same answer with its explanation,
 * and nothing stored.
 */
export function registerReleaseRoutes(app: CloudApp, deps: Deps): void {
  registerCloses(app, deps);
  registerRuns(app, deps);
  registerMemberRelease(app, deps);
  registerDaily(app, deps);
}

function registerCloses(app: CloudApp, { db, clock, operatorId, config }: Deps): void {
  const close = {
    summary: 'Close a period',
    querystring: DryRunSchema,
    body: Type.Object({ period: PeriodSchema }, { additionalProperties: false }),
    response: { 200: CloseAnswerSchema },
  };
  app.post('/admin/v1/period-closes', { schema: close }, async (request, reply) => {
    const { period } = request.body;
    if (!isPeriod(period)) return sendProblem(reply, noSuchPeriod);
    // A slip of the pen must not close years to come: a closed period never reopens.
    if (periodSpan(period).lastDay >= accountingDate(clock.nowMs()))
      return sendProblem(reply, { status: 409, code: 'period-not-over' });
    const closing = { operatorId, period };
    const closed = isDryRun(request.query)
      ? await inTransaction(db, { dryRun: true }, (tx) => closePeriod(tx, closing, { isDry: true }))
      : await closePeriod(db, closing, { pace: { name: config.releasePace, clock } });
    if (closed.ok) return reply.send({ ...closed.value });
    return sendProblem(reply, {
      status: 409,
      code: closed.error.type,
      detail: detailOf(closed.error),
    });
  });

  const list = {
    summary: 'The last period closes, the newest first',
    response: { 200: Type.Object({ closes: Type.Array(StoredCloseSchema) }) },
  };
  app.get('/admin/v1/period-closes', { schema: list }, async () => ({
    closes: (await listCloses(db, operatorId)).map((stored) => ({ ...stored })),
  }));

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

function detailOf(error: CloseError | ReleaseError): string {
  switch (error.type) {
    case 'period-kind-differs':
      return error.kind;
    case 'period-out-of-order':
      return `the next period to close is ${error.expectedPeriod}`;
    case 'period-not-closed':
      return 'close the period first';
    case 'release-held':
      return error.reasons.join(', ');
    case 'day-outside-window':
      return `${error.firstDay} to ${error.lastDay}`;
    case 'release-window-over':
      return `${error.lastClosedPeriod} is closed`;
    default:
      return exhaustive(error);
  }
}

const notStored = { status: 404, code: 'not-found' } as const;
const noSuchDay = { status: 400, code: 'request-invalid', detail: 'no such day' } as const;

const noSuchPeriod = { status: 400, code: 'request-invalid', detail: 'no such period' } as const;

const RunParamsSchema = Type.Object({ period: PeriodSchema, day: BusinessDateSchema });

function registerRuns(app: CloudApp, { db, clock, operatorId, config, proveFirst }: Deps): void {
  const release = {
    summary: 'Run one release day',
    querystring: DryRunSchema,
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
    const key = { operatorId, ...request.body };
    if (!isDryRun(request.query)) await proveFirst();
    const today = accountingDate(clock.nowMs());
    const run = isDryRun(request.query)
      ? await inTransaction(db, { dryRun: true }, (tx) =>
          runReleaseDay(tx, key, { isDry: true, today }),
        )
      : await runReleaseDay(db, key, {
          today,
          pace: { name: config.releasePace, clock },
        });
    if (run.ok) return reply.send({ ...run.value });
    return sendProblem(reply, { status: 409, code: run.error.type, detail: detailOf(run.error) });
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
