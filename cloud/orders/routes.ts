import Type from 'typebox';
import { BusinessDateSchema } from '#shared/wire/v1/common.ts';
import { CloudTallySchema, ResultsAnswerSchema } from '#shared/wire/v1/terminals.ts';
import { terminalOf } from '#cloud/identity/terminal-identity.ts';
import { cloudTally } from '#cloud/orders/cloud-tally.ts';
import { readResults } from '#cloud/orders/results.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';

const CursorSchema = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 });

/** What terminals ask about orders: what became of them (a cursor), and the sums of a day as the cloud knows them. */
export function registerOrderRoutes(app: CloudApp, deps: CloudDeps): void {
  app.get(
    '/v1/results',
    {
      schema: {
        summary: 'What became of the orders of the asking till, from a cursor on',
        querystring: Type.Object({ after: CursorSchema }, { additionalProperties: false }),
        response: { 200: ResultsAnswerSchema },
      },
    },
    (request) => readResults(deps.db, { ...terminalOf(request), afterCursor: request.query.after }),
  );
  app.get(
    '/v1/tallies/:businessDate',
    {
      schema: {
        summary: 'The sums of a business day as the cloud knows them',
        params: Type.Object({ businessDate: BusinessDateSchema }),
        response: { 200: CloudTallySchema },
      },
    },
    async (request, reply) => {
      const { businessDate } = request.params;
      // The pattern lets 2026-02-31 pass; PostgreSQL would not.
      if (!isCalendarDate(businessDate)) {
        return sendProblem(reply, { status: 400, code: 'request-invalid', detail: 'businessDate' });
      }
      return reply.send(await cloudTally(deps.db, { ...terminalOf(request), businessDate }));
    },
  );
}

const isCalendarDate = (text: string): boolean => {
  const parsed = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text);
};
