import Type from 'typebox';
import { ResultsAnswerSchema } from '#shared/wire/v1/terminals.ts';
import { terminalOf } from '#cloud/identity/terminal-identity.ts';
import { readResults } from '#cloud/orders/results.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

const CursorSchema = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 });

/** GET /v1/results: what became of this terminal's orders after a cursor. */
export function registerOrderRoutes(app: CloudApp, deps: CloudDeps): void {
  app.get(
    '/v1/results',
    {
      schema: {
        querystring: Type.Object({ after: CursorSchema }, { additionalProperties: false }),
        response: { 200: ResultsAnswerSchema },
      },
    },
    (request) => readResults(deps.db, { ...terminalOf(request), afterCursor: request.query.after }),
  );
}
