import Type from 'typebox';
import { closeFinding, findingsMax, listFindings } from '#cloud/payments/notifies/notify-store.ts';
import {
  nobody,
  NoteSchema,
  PersonHeadersSchema,
  personOf,
  strict,
} from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';

const FindingSchema = Type.Object({
  channel: Type.String(),
  eventId: Type.String(),
  kind: Type.String(),
  outNo: Type.String(),
  finding: Type.String(),
  /** The event in neutral words. */
  said: Type.String(),
  merchantId: Type.Optional(Type.String()),
  seenCount: Type.Integer(),
  firstAtMs: Type.Integer(),
});
const ClosingSchema = Type.Object(
  {
    channel: Type.String({ pattern: '^[a-z0-9-]{1,40}$' }),
    eventId: Type.String({ minLength: 1, maxLength: 512 }),
    note: NoteSchema,
  },
  strict,
);

/**
 * GET  /admin/v1/notify-findings         verified notifies that fit nothing of ours, the oldest first
 * POST /admin/v1/notify-findings/close   a person looked: {channel, eventId, note} (x-person-key)
 */
export function registerFindingRoutes(
  app: CloudApp,
  deps: Pick<CloudDeps, 'clock' | 'db' | 'operatorId'>,
): void {
  const { db, clock, operatorId } = deps;
  app.get(
    '/admin/v1/notify-findings',
    {
      schema: {
        summary: 'Notifies that people have to look into',
        response: {
          200: Type.Object({ findings: Type.Array(FindingSchema, { maxItems: findingsMax }) }),
        },
      },
    },
    async () => ({ findings: [...(await listFindings(db, operatorId))] }),
  );
  app.post(
    '/admin/v1/notify-findings/close',
    {
      schema: {
        summary: 'Close a finding with what was found',
        headers: PersonHeadersSchema,
        body: ClosingSchema,
        response: { 200: Type.Object({ closed: Type.Boolean() }) },
      },
    },
    async (request, reply) => {
      const person = await personOf(deps, request.headers);
      if (person === undefined) return sendProblem(reply, nobody);
      const closing = { operatorId, by: person.personId, nowMs: clock.nowMs() };
      const closed = await closeFinding(db, { ...request.body, ...closing });
      return closed ? { closed } : sendProblem(reply, { status: 404, code: 'not-found' });
    },
  );
}
