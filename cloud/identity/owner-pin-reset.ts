import { sql } from 'drizzle-orm';
import Type from 'typebox';
import type { OperatorId, TerminalId } from '#shared/ids/ids.ts';
import { TerminalIdSchema } from '#shared/wire/v1/common.ts';
import { nobody, PersonHeadersSchema, personOf, strict } from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';

/** Why something is done to a terminal: kept with who did it. */
export const ReasonSchema = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' });

/**
 * Asks a till to forget its owner's PIN: the number goes out with its next configuration, signed. Writes down who asked
 * and why. Undefined when there is no such terminal.
 */
export async function askForPinReset(
  tx: Tx,
  terminal: { readonly operatorId: OperatorId; readonly terminalId: TerminalId },
  asked: { readonly by: string; readonly why: string; readonly nowMs: number },
): Promise<number | undefined> {
  const { operatorId, terminalId } = terminal;
  const { rows } = await tx.execute<{ owner_pin_reset: number }>(sql`
    update terminal set owner_pin_reset = owner_pin_reset + 1, config_version = config_version + 1
     where operator_id = ${operatorId} and terminal_id = ${terminalId}
    returning owner_pin_reset`);
  const resetNo = rows[0]?.owner_pin_reset;
  if (resetNo === undefined) return undefined;
  await tx.execute(sql`
    insert into owner_pin_reset (operator_id, terminal_id, reset_no, asked_by, why, asked_at_ms)
    values (${operatorId}, ${terminalId}, ${resetNo}, ${asked.by}, ${asked.why}, ${asked.nowMs})`);
  return resetNo;
}

/**
 * POST /admin/v1/terminals/{terminalId}/owner-pin-reset {why}: the owner forgot the PIN; the till follows within a heartbeat
 * (x-person-key).
 */
export function registerOwnerPinReset(app: CloudApp, deps: CloudDeps): void {
  const { operatorId } = deps;
  app.post(
    '/admin/v1/terminals/:terminalId/owner-pin-reset',
    {
      schema: {
        summary: 'Ask a till to forget its owner’s PIN',
        headers: PersonHeadersSchema,
        params: Type.Object({ terminalId: TerminalIdSchema }, strict),
        body: Type.Object({ why: ReasonSchema }, strict),
        response: {
          201: Type.Object({ terminalId: TerminalIdSchema, resetNo: Type.Integer() }),
        },
      },
    },
    async (request, reply) => {
      const person = await personOf(deps, request.headers);
      if (person === undefined) return sendProblem(reply, nobody);
      const terminalId = request.params.terminalId as TerminalId;
      const { why } = request.body;
      const asked = { by: person.personId, why, nowMs: deps.clock.nowMs() };
      const resetNo = await deps.db.transaction((tx) =>
        askForPinReset(tx, { operatorId, terminalId }, asked),
      );
      if (resetNo === undefined) return sendProblem(reply, { status: 404, code: 'not-found' });
      deps.logger.warn({ terminalId, resetNo, by: asked.by }, 'owner pin reset asked for');
      return reply.code(201).send({ terminalId, resetNo });
    },
  );
}
