import Type from 'typebox';
import { EpochSchema } from '#shared/wire/v1/common.ts';
import {
  ClosingAnswerSchema,
  ClosingRequestSchema,
  OwnEntriesAnswerSchema,
  OwnEpochsAnswerSchema,
} from '#shared/wire/v1/own-journal.ts';
import { terminalOf } from '#cloud/identity/terminal-identity.ts';
import { closeEpochs } from '#cloud/journal/restore/close-epochs.ts';
import { readOwnEntries, readOwnEpochs } from '#cloud/journal/restore/own-journal.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

const AfterSchema = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 });

/** What a terminal that lost its journal reads back: the contract is in shared/wire/v1/own-journal.ts. */
export function registerOwnJournalRoutes(
  app: CloudApp,
  { db, clock }: Pick<CloudDeps, 'db' | 'clock'>,
): void {
  app.get(
    '/v1/journal/epochs',
    {
      schema: {
        summary: 'The epochs of this terminal that the cloud has',
        response: { 200: OwnEpochsAnswerSchema },
      },
    },
    (request) => readOwnEpochs(db, terminalOf(request)),
  );
  app.post(
    '/v1/journal/closings',
    {
      schema: {
        summary: 'Ends the epochs of this terminal where its restored journal ends them',
        body: ClosingRequestSchema,
        response: { 200: ClosingAnswerSchema },
      },
    },
    (request) => closeEpochs(db, terminalOf(request), { ...request.body, nowMs: clock.nowMs() }),
  );
  app.get(
    '/v1/journal/entries',
    {
      schema: {
        summary: 'Entries of this terminal as it sent them',
        querystring: Type.Object(
          { epoch: EpochSchema, after: AfterSchema },
          { additionalProperties: false },
        ),
        response: { 200: OwnEntriesAnswerSchema },
      },
    },
    (request) => {
      const { epoch, after } = request.query;
      return readOwnEntries(db, { ...terminalOf(request), epoch, afterSeq: after });
    },
  );
}
