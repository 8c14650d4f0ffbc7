import Type from 'typebox';
import { closePeriod } from '#cloud/release/close-period.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { BusinessDateSchema } from '#shared/wire/v1/common.ts';

const MonthSchema = Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$' });

const CloseAnswerSchema = Type.Object({
  period: MonthSchema,
  gateOpen: Type.Boolean(),
  gateReason: Type.String(),
  multBp: Type.Integer(),
  budgetFen: Type.Integer(),
  nBase: Type.Integer(),
  explanationHash: Type.String(),
  isNew: Type.Boolean(),
});

const ReleaseAnswerSchema = Type.Object({
  runId: Type.String(),
  limitFen: Type.Integer(),
  binding: Type.String(),
  theta: Type.String(),
  releasedFen: Type.Integer(),
  pointsUsed: Type.Integer(),
  accountCount: Type.Integer(),
  explanationHash: Type.String(),
  isNew: Type.Boolean(),
});

/**
 * POST /admin/v1/period-closes {period}        closes a month, once: gate, multiplier, budget of the next window
 * POST /admin/v1/release-runs {period, day}    runs one day of a closed period's window, once
 * A second call answers what the first one stored, with isNew false.
 */
export function registerReleaseRoutes(
  app: CloudApp,
  { db, operatorId }: Pick<CloudDeps, 'db' | 'operatorId'>,
): void {
  const close = {
    summary: 'Close a period',
    body: Type.Object({ period: MonthSchema }, { additionalProperties: false }),
    response: { 200: CloseAnswerSchema },
  };
  app.post('/admin/v1/period-closes', { schema: close }, async (request, reply) => {
    const { period } = request.body;
    const closed = await db.transaction((tx) => closePeriod(tx, { operatorId, period }));
    if (closed.ok) return reply.send(closed.value);
    const detail = `the next period to close is ${closed.error.expectedPeriod}`;
    return sendProblem(reply, { status: 409, code: closed.error.type, detail });
  });

  const release = {
    summary: 'Run one release day',
    body: Type.Object(
      { period: MonthSchema, day: BusinessDateSchema },
      { additionalProperties: false },
    ),
    response: { 200: ReleaseAnswerSchema },
  };
  app.post('/admin/v1/release-runs', { schema: release }, async (request, reply) => {
    const run = await db.transaction((tx) => runReleaseDay(tx, { operatorId, ...request.body }));
    if (run.ok) return reply.send(run.value);
    return sendProblem(reply, { status: 409, code: run.error.type });
  });
}
