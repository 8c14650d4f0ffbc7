import Type, { type Static } from 'typebox';
import type { Channel } from '#cloud/channel/channel.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import {
  confirmDecision,
  proposeDecision,
  withdrawDecision,
  type DecisionError,
} from '#cloud/settlement/instructions/decide-instruction.ts';
import {
  instructionsListedMax,
  listInstructions,
} from '#cloud/settlement/instructions/instruction-list.ts';
import { openSettlementChannel } from '#cloud/settlement/instructions/settlement-channels.ts';
import type { PersonId } from '#shared/ids/ids.ts';

type Deps = Pick<CloudDeps, 'config' | 'db' | 'clock' | 'operatorId' | 'random'> & {
  readonly channels: ReadonlyMap<string, Channel>;
  /** Whose key this is; undefined when nobody's. */
  readonly personOf: (
    headers: PersonHeaders,
  ) => Promise<{ readonly personId: PersonId } | undefined>;
};

const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
const Name = Type.String({ minLength: 1, maxLength: 64 });
const ChannelPath = object({ channel: Type.String({ minLength: 1, maxLength: 40 }) });
const InstructionNo = Type.String({ pattern: '^[0-9A-Za-z_*-]{1,64}$' });
const Nullable = Type.Union([Type.String(), Type.Null()]);

/**
 * PUT  /admin/v1/settlement-channels/{channel}      what is instructed there, and the platform's account
 * GET  /admin/v1/instructions?state=exceptions      instructions by state, or what people should look at
 * POST /admin/v1/instructions/{no}/decision         one person says how it is to end (decision-rules.ts)
 * POST /admin/v1/instructions/{no}/decision/confirm another one agrees
 * POST /admin/v1/instructions/{no}/decision/withdraw either thinks again
 */
export function registerInstructionRoutes(app: CloudApp, deps: Deps): void {
  registerTerms(app, deps);
  registerDecisions(app, deps);
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
    /** Masked; whole only to the person who pays (payees/payee-routes.ts). */
    payee: Type.Union([
      object({
        payeeNo: Type.Integer(),
        name: Type.String(),
        bank: Type.String(),
        lastFour: Type.String(),
        isChanged: Type.Boolean(),
      }),
      Type.Null(),
    ]),
  });
  const states = ['ready', 'open', 'done', 'failed', 'cancelled', 'exceptions'] as const;
  const listSchema = {
    summary: 'Instructions by state',
    querystring: object({
      state: Type.Union(states.map((state) => Type.Literal(state))),
      afterMs: Type.Optional(Type.Integer({ minimum: 0 })),
      afterNo: Type.Optional(InstructionNo),
    }),
    response: {
      200: object({ instructions: Type.Array(listed, { maxItems: instructionsListedMax }) }),
    },
  };
  app.get('/admin/v1/instructions', { schema: listSchema }, async (request) => {
    const { state, afterMs, afterNo } = request.query;
    const { db, clock, operatorId } = deps;
    const query = { operatorId, state, nowMs: clock.nowMs(), afterMs, afterNo };
    return { instructions: [...(await listInstructions(db, query))] };
  });
}

/** Who acts: beside the operator's token, a key that only one person holds. */
export type PersonHeaders = Static<typeof PersonHeadersSchema>;
const PersonHeadersSchema = Type.Object({
  'x-person-key': Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
});
const NumberPath = object({ instructionNo: InstructionNo });
const Evidence = Type.String({ minLength: 10, maxLength: 500 });
const Wanted = Type.Union([
  object({ how: Type.Literal('retry'), evidence: Evidence, payee: Type.Optional(Name) }),
  object({
    how: Type.Literal('moved'),
    evidence: Evidence,
    ref: Type.String({ pattern: '^[0-9A-Za-z_-]{4,64}$' }),
  }),
  object({ how: Type.Literal('void'), evidence: Evidence }),
]);
const Note = object({ note: Type.String({ minLength: 3, maxLength: 300 }) });

const nobody = { status: 403, code: 'person-key-invalid' } as const;

function refused(error: DecisionError): ProblemInput {
  if (error === 'instruction-unknown')
    return { status: 404, code: 'not-found', detail: 'no such instruction' };
  if (
    error === 'person-act-lapsed' ||
    error === 'payout-payee-missing' ||
    error === 'payout-payee-changed'
  )
    return { status: 409, code: error };
  if (error === 'same-person') return { status: 409, code: 'resolution-same-person' };
  const status = error === 'nothing-proposed' ? 404 : 409;
  return { status, code: 'resolution-impossible', detail: error };
}

function registerDecisions(app: CloudApp, deps: Deps): void {
  const keyOf = (params: Static<typeof NumberPath>) => ({
    operatorId: deps.operatorId,
    instructionNo: params.instructionNo,
  });
  const path = '/admin/v1/instructions/:instructionNo/decision';
  const schema = {
    summary: 'Propose how an instruction is to end',
    params: NumberPath,
    headers: PersonHeadersSchema,
    body: Wanted,
    response: { 201: object({ proposalNo: Type.Integer() }) },
  };
  app.post(path, { schema }, async (request, reply) => {
    const person = await deps.personOf(request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const wanted = { ...request.body, by: person.personId, nowMs: deps.clock.nowMs() };
    const proposed = await proposeDecision(deps.db, keyOf(request.params), wanted);
    return proposed.ok
      ? reply.code(201).send(proposed.value)
      : sendProblem(reply, refused(proposed.error));
  });
  const ending = { params: NumberPath, headers: PersonHeadersSchema, body: Note };
  const confirm = {
    ...ending,
    summary: 'Confirm what another person proposed',
    response: { 200: object({ instructionNo: Type.String() }) },
  };
  app.post(`${path}/confirm`, { schema: confirm }, async (request, reply) => {
    const person = await deps.personOf(request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const by = { by: person.personId, note: request.body.note, nowMs: deps.clock.nowMs() };
    const done = await confirmDecision(deps.db, keyOf(request.params), by);
    return done.ok ? reply.send(done.value) : sendProblem(reply, refused(done.error));
  });
  const withdraw = {
    ...ending,
    summary: 'Take back what was proposed',
    response: { 200: object({ done: Type.Literal(true) }) },
  };
  app.post(`${path}/withdraw`, { schema: withdraw }, async (request, reply) => {
    const person = await deps.personOf(request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const by = { by: person.personId, note: request.body.note, nowMs: deps.clock.nowMs() };
    const done = await withdrawDecision(deps.db, keyOf(request.params), by);
    return done.ok ? { done: true as const } : sendProblem(reply, refused(done.error));
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
