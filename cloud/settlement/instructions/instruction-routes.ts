import Type from 'typebox';
import { setAgentPayee, setPayoutTerms } from '#cloud/commissions/commission-payouts.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import {
  instructionsListedMax,
  listInstructions,
} from '#cloud/settlement/instructions/instruction-list.ts';
import { retryInstruction } from '#cloud/settlement/instructions/retry-instruction.ts';
import { openSettlementChannel } from '#cloud/settlement/instructions/settlement-channels.ts';
import { idPattern, type AgentId } from '#shared/ids/ids.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId' | 'logger'> & {
  readonly channels: ReadonlyMap<string, Channel>;
};

const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
const Name = Type.String({ minLength: 1, maxLength: 64 });
const ChannelPath = object({ channel: Type.String({ minLength: 1, maxLength: 32 }) });
const Nullable = Type.Union([Type.String(), Type.Null()]);

/**
 * PUT  /admin/v1/settlement-channels/{channel}      what is instructed there, and the platform's account
 * GET  /admin/v1/instructions?state=exceptions      instructions by state, or what people should look at
 * POST /admin/v1/instructions/{no}/retry            a failed one again, by two people
 * PUT  /admin/v1/payout-terms                       when agents are paid, from what sum on
 * PUT  /admin/v1/agents/{agentId}/payee             where an agent is paid
 */
export function registerInstructionRoutes(app: CloudApp, deps: Deps): void {
  registerTerms(app, deps);
  registerPayouts(app, deps);
  const listed = object({
    instructionNo: Type.String(),
    merchantId: Nullable,
    orderId: Nullable,
    kind: Type.String(),
    channel: Type.String(),
    amountFen: Type.Integer(),
    state: Type.String(),
    code: Nullable,
    createdAtMs: Type.Integer(),
    exception: Nullable,
  });
  const states = ['ready', 'open', 'done', 'failed', 'cancelled', 'exceptions'] as const;
  const listSchema = {
    summary: 'Instructions by state',
    querystring: object({
      state: Type.Union(states.map((state) => Type.Literal(state))),
      afterMs: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
    response: {
      200: object({ instructions: Type.Array(listed, { maxItems: instructionsListedMax }) }),
    },
  };
  app.get('/admin/v1/instructions', { schema: listSchema }, async (request) => {
    const { state, afterMs } = request.query;
    const { db, clock, operatorId } = deps;
    const query = { operatorId, state, nowMs: clock.nowMs(), afterMs };
    return { instructions: [...(await listInstructions(db, query))] };
  });
  const retrySchema = {
    summary: 'Send a failed instruction again',
    params: object({ instructionNo: Type.String({ minLength: 1, maxLength: 64 }) }),
    body: object({
      askedBy: Name,
      agreedBy: Name,
      why: Type.String({ minLength: 10, maxLength: 500 }),
      payee: Type.Optional(Name),
    }),
    response: { 200: object({ instructionNo: Type.String() }) },
  };
  const path = '/admin/v1/instructions/:instructionNo/retry';
  app.post(path, { schema: retrySchema }, async (request, reply) => {
    const key = { operatorId: deps.operatorId, instructionNo: request.params.instructionNo };
    const { askedBy, agreedBy, why, payee } = request.body;
    const people = { askedBy, agreedBy, why, ...(payee === undefined ? {} : { payee }) };
    const nowMs = deps.clock.nowMs();
    const retried = await retryInstruction(deps.db, key, { ...people, nowMs });
    if (retried.ok) return reply.send(retried.value);
    const { type } = retried.error;
    return type === 'instruction-unknown'
      ? sendProblem(reply, { status: 404, code: 'not-found', detail: 'no such instruction' })
      : sendProblem(reply, { status: 409, code: 'request-invalid', detail: type });
  });
}

function registerTerms(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'How a channel is settled',
    params: ChannelPath,
    body: object({
      splits: Type.Boolean(),
      subsidises: Type.Boolean(),
      paysOut: Type.Boolean(),
      platformAccount: Name,
      platformName: Type.String({ minLength: 1, maxLength: 100 }),
    }),
    response: { 200: object({ channel: Type.String() }) },
  };
  const path = '/admin/v1/settlement-channels/:channel';
  app.put(path, { schema }, async (request, reply) => {
    const { channel } = request.params;
    const adapter = deps.channels.get(channel);
    if (adapter === undefined)
      return sendProblem(reply, { status: 404, code: 'not-found', detail: 'no such channel' });
    const wanted = { operatorId: deps.operatorId, channel, ...request.body };
    const opened = await openSettlementChannel(deps.db, wanted, adapter.profile);
    if (opened.ok) return reply.send({ channel });
    const detail = `the channel cannot do this: ${opened.error.ability}`;
    return sendProblem(reply, { status: 422, code: 'request-invalid', detail });
  });
}

function registerPayouts(app: CloudApp, deps: Deps): void {
  const { db, operatorId } = deps;
  const Done = { 200: object({ done: Type.Literal(true) }) };
  const terms = {
    summary: 'When agents are paid',
    body: object({
      channel: Type.String({ minLength: 1, maxLength: 32 }),
      dayOfMonth: Type.Integer({ minimum: 1, maximum: 28 }),
      thresholdFen: Type.Integer({ minimum: 1, maximum: 100_000_000 }),
    }),
    response: Done,
  };
  app.put('/admin/v1/payout-terms', { schema: terms }, async (request) => {
    await setPayoutTerms(db, { operatorId, ...request.body });
    return { done: true as const };
  });
  const payee = {
    summary: 'Where an agent is paid',
    params: object({ agentId: Type.String({ pattern: idPattern('agt') }) }),
    body: object({ payee: Name, payeeName: Type.Optional(Name) }),
    response: Done,
  };
  app.put('/admin/v1/agents/:agentId/payee', { schema: payee }, async (request) => {
    const agentId = request.params.agentId as AgentId;
    const { payee: account, payeeName } = request.body;
    await setAgentPayee(db, { operatorId, agentId, payee: account, payeeName });
    return { done: true as const };
  });
}
