import { BatchAnswerSchema, BatchSchema } from '#shared/wire/v1/journal.ts';
import { terminalOf } from '#cloud/identity/terminal-identity.ts';
import { takeBatch, type BatchError } from '#cloud/journal/intake/take-batch.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { packedBodyOf } from '#cloud/platform/http/raw-body.ts';

/** POST /v1/journal/batches: the contract is in shared/wire/v1/journal.ts. `onTaken` wakes the projection. */
export function registerJournalRoutes(
  app: CloudApp,
  deps: CloudDeps,
  events: { readonly onTaken: (entriesCount: number) => void },
): void {
  app.post(
    '/v1/journal/batches',
    {
      config: { access: 'terminal-even-revoked', lane: 'journal' },
      schema: {
        summary: 'Hand in a batch of journal entries',
        body: BatchSchema,
        response: { 200: BatchAnswerSchema },
      },
    },
    async (request, reply) => {
      const terminal = terminalOf(request);
      const batch = request.body;
      const taken = await takeBatch(deps, {
        terminal,
        batch,
        packed: packedBodyOf(request),
      });
      if (!taken.ok) return sendProblem(reply, problemOf(taken.error));
      events.onTaken(request.body.entries.length);
      return reply.send(taken.value);
    },
  );
}

function problemOf(error: BatchError): ProblemInput {
  switch (error.type) {
    case 'journal-chain-broken':
      return { status: 422, code: error.type, detail: `at seq ${error.seq}` };
    case 'journal-gap':
      return { status: 409, code: error.type, expectedSeq: error.expectedSeq };
    case 'journal-epoch-closed':
    case 'journal-fork':
      return { status: 409, code: error.type, detail: `at seq ${error.seq}` };
    case 'journal-epochs-exceeded':
    case 'journal-quarantine-full':
      return { status: 409, code: error.type };
  }
}
