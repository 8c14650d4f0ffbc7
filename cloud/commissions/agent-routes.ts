import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import {
  agentAccount,
  agentShops,
  agentShopsMax,
  type AgentView,
} from '#cloud/commissions/agent-figures.ts';
import {
  agentOfToken,
  makeAgentToken,
  revokeAgentTokens,
} from '#cloud/commissions/agent-tokens.ts';
import {
  listStatements,
  statementFile,
  statementsShownMax,
} from '#cloud/commissions/statement-file.ts';
import { nobody, PersonHeadersSchema, personOf, strict } from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { idPattern, type AgentId } from '#shared/ids/ids.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { MerchantIdSchema } from '#shared/wire/v1/common.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'random' | 'operatorId'>;

const AgentPath = Type.Object({ agentId: Type.String({ pattern: idPattern('agt') }) }, strict);
const unknown: ProblemInput = { status: 404, code: 'not-found', detail: 'no such agent' };
const stranger: ProblemInput = { status: 401, code: 'agent-token-invalid' };

/**
 * POST   /admin/v1/agents/{agentId}/token       a token for his own figures, told once; an older one ends
 * DELETE /admin/v1/agents/{agentId}/token       ends it
 * By the agent himself, with his token as bearer; he sees his own and no other:
 * GET /v1/agent                                 today, this month, what is open, how many shops
 * GET /v1/agent/merchants?after=                his shops: flow, concession, commission of today and this month
 * GET /v1/agent/statements                      his statements, newest first
 * GET /v1/agent/statements/{period}.csv         one of them as it was made; x-content-sha256 is its hash
 */
export function registerAgentRoutes(app: CloudApp, deps: Deps): void {
  registerTokens(app, deps);
  registerFigures(app, deps);
  registerStatements(app, deps);
}

function registerTokens(app: CloudApp, deps: Deps): void {
  const { db, operatorId } = deps;
  const path = '/admin/v1/agents/:agentId/token';
  const make = {
    summary: "Make a token for an agent's own figures",
    params: AgentPath,
    headers: PersonHeadersSchema,
    response: { 201: Type.Object({ token: Type.String() }) },
  };
  app.post(path, { schema: make }, async (request, reply) => {
    if ((await personOf(deps, request.headers)) === undefined) return sendProblem(reply, nobody);
    const agentId = request.params.agentId as AgentId;
    const made = await db.transaction((tx) => makeAgentToken(tx, { operatorId, agentId }, deps));
    return made.ok ? reply.code(201).send({ token: made.value }) : sendProblem(reply, unknown);
  });
  const end = {
    summary: "End an agent's token",
    params: AgentPath,
    headers: PersonHeadersSchema,
    response: { 200: Type.Object({ ended: Type.Literal(true) }) },
  };
  app.delete(path, { schema: end }, async (request, reply) => {
    if ((await personOf(deps, request.headers)) === undefined) return sendProblem(reply, nobody);
    const agentId = request.params.agentId as AgentId;
    await revokeAgentTokens(db, { operatorId, agentId, nowMs: deps.clock.nowMs() });
    return reply.send({ ended: true as const });
  });
}

/** An agent's phone asks every few seconds at most. */
const perMinuteMax = 60;
/** The token is looked at here: it opens these four routes and no other. */
const config = {
  access: 'public' as const,
  rateLimit: { max: perMinuteMax, timeWindow: 60_000 },
};

/** Answers `work` for the agent whose token the request carries; undefined when it carries none that is good. */
async function asAgent<T>(
  deps: Deps,
  request: Pick<FastifyRequest, 'headers'>,
  work: (view: AgentView) => Promise<T>,
): Promise<T | undefined> {
  const { db, operatorId, clock } = deps;
  return await runScoped({ type: 'operator', operatorId }, async () => {
    const header = request.headers.authorization;
    const agentId = await agentOfToken(db, { operatorId, header });
    if (agentId === undefined) return undefined;
    return await work({ operatorId, agentId, today: accountingDate(clock.nowMs()) });
  });
}

const FiguresSchema = Type.Object({
  orderCount: Type.Integer(),
  flowFen: Type.Integer(),
  concessionFen: Type.Integer(),
  commissionFen: Type.Integer(),
});

function registerFigures(app: CloudApp, deps: Deps): void {
  const account = {
    summary: "An agent's own money",
    response: {
      200: Type.Object({
        agentId: Type.String(),
        today: Type.String(),
        commissionTodayFen: Type.Integer(),
        commissionMonthFen: Type.Integer(),
        backMonthFen: Type.Integer(),
        openFen: Type.Integer(),
        shopCount: Type.Integer(),
      }),
    },
  };
  app.get('/v1/agent', { schema: account, config }, async (request, reply) => {
    const own = await asAgent(deps, request, async (view) => ({
      agentId: view.agentId,
      today: view.today,
      ...(await agentAccount(deps.db, view)),
    }));
    return own === undefined ? sendProblem(reply, stranger) : reply.send(own);
  });
  const shops = {
    summary: "An agent's own shops",
    querystring: Type.Object({ after: Type.Optional(MerchantIdSchema) }, strict),
    response: {
      200: Type.Object({
        merchants: Type.Array(
          Type.Object({
            merchantId: MerchantIdSchema,
            name: Type.String(),
            today: FiguresSchema,
            month: FiguresSchema,
            pendingFen: Type.Integer(),
          }),
          { maxItems: agentShopsMax },
        ),
      }),
    },
  };
  app.get('/v1/agent/merchants', { schema: shops, config }, async (request, reply) => {
    const { after } = request.query;
    const merchants = await asAgent(deps, request, (view) =>
      agentShops(deps.db, { ...view, after }),
    );
    return merchants === undefined ? sendProblem(reply, stranger) : reply.send({ merchants });
  });
}

const StatementSchema = Type.Object({
  period: Type.String(),
  outcome: Type.String(),
  monthEarnedFen: Type.Integer(),
  monthBackFen: Type.Integer(),
  carriedFen: Type.Integer(),
  balanceFen: Type.Integer(),
  taxKind: Type.String(),
  taxIncomeFen: Type.Integer(),
  taxRateBp: Type.Integer(),
  taxWithheldFen: Type.Integer(),
  sha256: Type.String(),
});

function registerStatements(app: CloudApp, deps: Deps): void {
  const list = {
    summary: "An agent's own statements",
    response: {
      200: Type.Object({
        statements: Type.Array(StatementSchema, { maxItems: statementsShownMax }),
      }),
    },
  };
  app.get('/v1/agent/statements', { schema: list, config }, async (request, reply) => {
    const statements = await asAgent(deps, request, (view) => listStatements(deps.db, view));
    return statements === undefined ? sendProblem(reply, stranger) : reply.send({ statements });
  });
  const file = {
    summary: 'One statement as it was made',
    params: Type.Object({ period: Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$' }) }, strict),
  };
  app.get('/v1/agent/statements/:period.csv', { schema: file, config }, async (request, reply) => {
    const { period } = request.params;
    const found = await asAgent(deps, request, async (view) => ({
      file: await statementFile(deps.db, { ...view, period }),
    }));
    if (found === undefined) return sendProblem(reply, stranger);
    if (found.file === undefined)
      return sendProblem(reply, { status: 404, code: 'not-found', detail: 'no such statement' });
    return reply
      .headers({
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="commission-${period}.csv"`,
        'x-content-sha256': found.file.sha256,
      })
      .send(found.file.csv);
  });
}
