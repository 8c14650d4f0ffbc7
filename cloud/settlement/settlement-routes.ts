import { Readable } from 'node:stream';
import Type from 'typebox';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';
import { finalityBatchesMax, runFinalityBatches } from '#cloud/settlement/finality-worker.ts';
import { merchantsPerPageMax, settlementsOfDate } from '#cloud/settlement/settlement-day.ts';
import {
  makeStatement,
  statementPart,
  type StatementDay,
} from '#cloud/settlement/settlement-statement.ts';
import type { MerchantId } from '#shared/ids/ids.ts';
import { BusinessDateSchema, MerchantIdSchema, WallMsSchema } from '#shared/wire/v1/common.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'random' | 'operatorId' | 'logger'>;

const FenSchema = Type.Integer();

const FinalityAnswerSchema = Type.Object({
  runs: Type.Array(
    Type.Object({
      run: Type.Integer(),
      orderCount: Type.Integer(),
      concessionFen: FenSchema,
      returnedFen: FenSchema,
      collectedFen: FenSchema,
      agentsFen: FenSchema,
      marginFen: FenSchema,
      contingencyFen: FenSchema,
      fundFen: FenSchema,
    }),
    { maxItems: finalityBatchesMax },
  ),
  more: Type.Boolean(),
});

const SettlementDaySchema = Type.Object({
  merchantId: MerchantIdSchema,
  date: BusinessDateSchema,
  orderCount: Type.Integer(),
  turnoverFen: FenSchema,
  cashFen: FenSchema,
  boxFen: FenSchema,
  promiseFen: FenSchema,
  channelFen: FenSchema,
  sameDayFen: FenSchema,
  reserveFen: FenSchema,
  reserveDueDate: BusinessDateSchema,
  subsidyFen: FenSchema,
  subsidyUntoldFen: FenSchema,
  concessionFen: FenSchema,
  concessionOwedFen: FenSchema,
  refundFen: FenSchema,
  refundCount: Type.Integer(),
});

/**
 * POST /admin/v1/finality-runs {asOf?}   ends the hold of all orders that are due as of a moment (ms, not later than now)
 * GET  /admin/v1/settlements?date=       the settlements of one ledger date, merchant by merchant
 * GET  /admin/v1/settlements/{merchantId}/statement?date=   the file of one merchant and ledger date (CSV)
 */
export function registerSettlementRoutes(app: CloudApp, deps: Deps): void {
  // Who has a part in the concession belongs to how it is settled: one registration for both.
  registerFinality(app, deps);
  registerSettlements(app, deps);
}

function registerFinality(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'End the hold of orders that are due',
    body: Type.Object({ asOf: Type.Optional(WallMsSchema) }, { additionalProperties: false }),
    response: { 200: FinalityAnswerSchema },
  };
  app.post('/admin/v1/finality-runs', { schema }, async (request, reply) => {
    const nowMs = deps.clock.nowMs();
    const asOfMs = request.body.asOf ?? nowMs;
    if (asOfMs > nowMs) return sendProblem(reply, notYet);
    const { runs, more } = await runFinalityBatches(deps, asOfMs);
    deps.logger.info({ asOfMs, runs: runs.length, more }, 'finality');
    return reply.send({ runs: [...runs], more });
  });
}

const notYet = {
  status: 409,
  code: 'request-invalid',
  detail: 'no hold ends before its time: asOf is not over yet',
} as const;

const dayNotOver = {
  status: 409,
  code: 'request-invalid',
  detail: 'the statement of a day is made when the day is over',
} as const;

/** The file part by part: a stream is read after the request's own scope has ended, so every part enters it again. */
async function* partsOf(
  deps: Deps,
  file: StatementDay & { readonly partCount: number },
): AsyncGenerator<string> {
  const scope = { type: 'operator', operatorId: deps.operatorId } as const;
  for (let partNo = 1; partNo <= file.partCount; partNo += 1)
    yield await runScoped(scope, () => statementPart(deps.db, { ...file, partNo }));
}

const noSuchDay = { status: 400, code: 'request-invalid', detail: 'no such day' } as const;

function registerSettlements(app: CloudApp, deps: Deps): void {
  const listSchema = {
    summary: 'Settlements of one ledger date',
    querystring: Type.Object({
      date: BusinessDateSchema,
      after: Type.Optional(MerchantIdSchema),
    }),
    response: {
      200: Type.Object({
        settlements: Type.Array(SettlementDaySchema, { maxItems: merchantsPerPageMax }),
        more: Type.Boolean(),
      }),
    },
  };
  app.get('/admin/v1/settlements', { schema: listSchema }, async (request, reply) => {
    const { date, after } = request.query;
    if (!isCalendarDay(date)) return sendProblem(reply, noSuchDay);
    const { operatorId } = deps;
    const days = await settlementsOfDate(deps.db, { operatorId, ledgerDate: date, after });
    return reply.send({ settlements: [...days], more: days.length === merchantsPerPageMax });
  });

  const fileSchema = {
    summary: 'Settlement file of one merchant and ledger date',
    params: Type.Object({ merchantId: MerchantIdSchema }),
    querystring: Type.Object({ date: BusinessDateSchema }),
  };
  const path = '/admin/v1/settlements/:merchantId/statement';
  app.get(path, { schema: fileSchema }, async (request, reply) => {
    const merchantId = request.params.merchantId as MerchantId;
    const { date } = request.query;
    if (!isCalendarDay(date)) return sendProblem(reply, noSuchDay);
    const day = { operatorId: deps.operatorId, merchantId, ledgerDate: date };
    const made = await makeStatement(deps.db, day, deps.clock.nowMs());
    if (!made.ok)
      return sendProblem(
        reply,
        made.error.type === 'day-not-over' ? dayNotOver : { status: 413, code: 'batch-too-large' },
      );
    const { sha256, rowCount, partCount } = made.value;
    return reply
      .header('content-type', 'text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="settlement-${merchantId}-${date}.csv"`)
      .header('x-content-sha256', sha256)
      .header('x-row-count', rowCount)
      .send(Readable.from(partsOf(deps, { ...day, partCount })));
  });
}
