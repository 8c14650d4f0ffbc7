import { sql } from 'drizzle-orm';
import Type from 'typebox';
import { basisPoints } from '#shared/money/rate.ts';
import type { MerchantId, TerminalId } from '#shared/ids/ids.ts';
import { ConcessionBpSchema, MerchantIdSchema, TerminalIdSchema } from '#shared/wire/v1/common.ts';
import { issueActivationCode } from '#cloud/identity/activation-code.ts';
import { provisionMerchant, provisionStore } from '#cloud/identity/provisioning.ts';
import { ReasonSchema, registerOwnerPinReset } from '#cloud/identity/owner-pin-reset.ts';
import { registerShopLists } from '#cloud/identity/shop-list-routes.ts';
import {
  acknowledgeAlarm,
  alarmKinds,
  alarmsListedMax,
  listAlarms,
} from '#cloud/identity/terminal-alarms.ts';
import { nobody, PersonHeadersSchema, personOf, strict } from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';

const StoreIdSchema = Type.String({ pattern: '^str_[0-9A-Z]{26}$' });

const NewMerchantSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64 }),
    concessionBp: ConcessionBpSchema,
    sameDayBp: Type.Optional(Type.Integer({ minimum: 5000, maximum: 8000 })),
    cutOverHour: Type.Optional(Type.Integer({ minimum: 0, maximum: 12 })),
    storeName: Type.String({ minLength: 1, maxLength: 64 }),
    storePhone: Type.String({ maxLength: 32 }),
  },
  { additionalProperties: false },
);

/** 80/20: the product's usual split; the rest waits as 结算保留款. */
const sameDayBpDefault = 8000;
/** A day that begins at 4 in the morning keeps a late evening on the day it belongs to. */
const cutOverHourDefault = 4;

/** /admin/v1: what the operator does to shops and terminals. Guarded by his bearer token. */
export function registerAdminIdentityRoutes(app: CloudApp, deps: CloudDeps): void {
  const { operatorId } = deps;
  app.post(
    '/admin/v1/merchants',
    {
      schema: {
        summary: 'Open a merchant with his first store',
        body: NewMerchantSchema,
        response: { 201: Type.Object({ merchantId: MerchantIdSchema, storeId: StoreIdSchema }) },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const made = await deps.db.transaction(async (tx) => {
        const merchantId = await provisionMerchant(
          tx,
          {
            operatorId,
            name: body.name,
            concessionBp: basisPoints(body.concessionBp),
            sameDayBp: basisPoints(body.sameDayBp ?? sameDayBpDefault),
            cutOverHour: body.cutOverHour ?? cutOverHourDefault,
          },
          deps,
        );
        const store = { operatorId, merchantId, name: body.storeName, phone: body.storePhone };
        return { merchantId, storeId: await provisionStore(tx, store, deps) };
      });
      return reply.code(201).send(made);
    },
  );
  registerShopLists(app, deps);
  registerActivationCodeRoute(app, deps);
  registerRotationRequest(app, deps);
  registerAlarmList(app, deps);
  registerAlarmNote(app, deps);
  registerOwnerPinReset(app, deps);
  app.post(
    '/admin/v1/terminals/:terminalId/revoke',
    {
      schema: {
        summary: 'Close a till for good',
        params: Type.Object({ terminalId: TerminalIdSchema }),
      },
    },
    async (request, reply) => {
      const terminalId = request.params.terminalId as TerminalId;
      const { rowCount } = await deps.db.execute(sql`
        update terminal set revoked_at_ms = coalesce(revoked_at_ms, ${deps.clock.nowMs()})
         where operator_id = ${operatorId} and terminal_id = ${terminalId}`);
      if (rowCount === 0) return sendProblem(reply, { status: 404, code: 'not-found' });
      deps.terminals.forget(terminalId);
      // The till learns of it with its next request; the hint makes that now, and tells the other nodes.
      deps.hints.pull({ operatorId, terminalId });
      return reply.send({ terminalId, revoked: true });
    },
  );
}

/** A key that somebody may have seen is changed with the till's next heartbeat, without anybody at the till. */
function registerRotationRequest(app: CloudApp, deps: CloudDeps): void {
  const { operatorId } = deps;
  app.post(
    '/admin/v1/terminals/:terminalId/rotate-key',
    {
      schema: {
        summary: 'Let a till change its key with its next heartbeat',
        params: Type.Object({ terminalId: TerminalIdSchema }),
      },
    },
    async (request, reply) => {
      const terminalId = request.params.terminalId as TerminalId;
      const { rowCount } = await deps.db.execute(sql`
        update terminal set key_wanted_at_ms = ${deps.clock.nowMs()}
         where operator_id = ${operatorId} and terminal_id = ${terminalId}`);
      if (rowCount === 0) return sendProblem(reply, { status: 404, code: 'not-found' });
      return reply.send({ terminalId, rotateKey: true });
    },
  );
}

const AlarmsSchema = Type.Object({
  alarms: Type.Array(
    Type.Object({
      terminalId: TerminalIdSchema,
      kind: Type.Enum([...alarmKinds]),
      subject: Type.String(),
      detail: Type.String(),
      firstAtMs: Type.Integer(),
      lastAtMs: Type.Integer(),
      seenCount: Type.Integer(),
      acknowledged: Type.Union([
        Type.Object({ by: Type.String(), note: Type.String(), atMs: Type.Integer() }),
        Type.Null(),
      ]),
    }),
    { maxItems: alarmsListedMax },
  ),
});

/** GET /admin/v1/merchants/{merchantId}/terminal-alarms: clones, forks and lost tails, the latest first. */
function registerAlarmList(app: CloudApp, deps: CloudDeps): void {
  app.get(
    '/admin/v1/merchants/:merchantId/terminal-alarms',
    {
      schema: {
        summary: 'Clones, forks and lost tails of the tills of a merchant',
        params: Type.Object({ merchantId: MerchantIdSchema }),
        response: { 200: AlarmsSchema },
      },
    },
    async (request) => {
      const merchantId = request.params.merchantId as MerchantId;
      const alarms = await listAlarms(deps.db, { operatorId: deps.operatorId, merchantId });
      return { alarms: [...alarms] };
    },
  );
}

/**
 * POST /admin/v1/terminals/{terminalId}/alarms/acknowledge {kind, subject, note}: who looked into it and what he found; kept
 * for good (x-person-key).
 */
function registerAlarmNote(app: CloudApp, deps: CloudDeps): void {
  app.post(
    '/admin/v1/terminals/:terminalId/alarms/acknowledge',
    {
      schema: {
        summary: 'Take note of an alarm of a till',
        headers: PersonHeadersSchema,
        params: Type.Object({ terminalId: TerminalIdSchema }, strict),
        body: Type.Object(
          {
            kind: Type.Enum([...alarmKinds]),
            subject: Type.String({ maxLength: 64 }),
            note: ReasonSchema,
          },
          strict,
        ),
      },
    },
    async (request, reply) => {
      const person = await personOf(deps, request.headers);
      if (person === undefined) return sendProblem(reply, nobody);
      const terminalId = request.params.terminalId as TerminalId;
      const { kind, subject, note } = request.body;
      const alarm = { operatorId: deps.operatorId, terminalId, kind, subject };
      const seen = { by: person.personId, note, nowMs: deps.clock.nowMs() };
      return (await acknowledgeAlarm(deps.db, alarm, seen))
        ? reply.code(201).send({ terminalId, kind, subject, acknowledged: true })
        : sendProblem(reply, { status: 404, code: 'not-found' });
    },
  );
}

function registerActivationCodeRoute(app: CloudApp, deps: CloudDeps): void {
  const { operatorId } = deps;
  app.post(
    '/admin/v1/merchants/:merchantId/stores/:storeId/activation-codes',
    {
      schema: {
        summary: 'Issue an activation code for a till of a store',
        params: Type.Object({ merchantId: MerchantIdSchema, storeId: StoreIdSchema }),
        response: { 201: Type.Object({ code: Type.String(), expiresAtMs: Type.Integer() }) },
      },
    },
    async (request, reply) => {
      const merchantId = request.params.merchantId as MerchantId;
      const { storeId } = request.params;
      const issued = await deps.db.transaction((tx) =>
        issueActivationCode(tx, { operatorId, merchantId, storeId }, deps),
      );
      return issued.ok
        ? reply.code(201).send(issued.value)
        : sendProblem(reply, { status: 404, code: 'not-found' });
    },
  );
}
