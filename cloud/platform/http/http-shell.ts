import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { sql } from 'drizzle-orm';
import Fastify, {
  LogController,
  type FastifyError,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { errorCatalogue, type ErrorCode } from '#shared/errors/catalogue.ts';
import { isBearer, registerAccess } from '#cloud/identity/access.ts';
import { busyProblem, isBusy } from '#cloud/platform/http/busy.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { claimOf, laneOfRequest, registerDoors } from '#cloud/platform/http/doors.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { sentBytesMax } from '#cloud/platform/http/raw-body.ts';
import { compileSchema } from '#cloud/platform/http/validation.ts';

const requestTimeoutMs = 30_000;
const rateWindowMs = 60_000;
const keepAliveTimeoutMs = 65_000;

/**
 * What every route stands on: limits, access, validation, problems, metrics, health and the API
 * document.
 */
export async function createHttpShell(deps: CloudDeps): Promise<CloudApp> {
  const app: CloudApp = Fastify({
    loggerInstance: deps.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: sentBytesMax,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    // Named hops only: whoever is believed on his word about addresses could be anybody to every
    // limit.
    trustProxy: deps.config.trustedProxies.length > 0 ? [...deps.config.trustedProxies] : false,
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(compileSchema);
  app.setErrorHandler<FastifyError>((error, request, reply) =>
    // At the counter it is not known what was done before: there a failure stays a failure, and the
    // till asks.
    isBusy(error) && laneOfRequest(request) !== 'counter'
      ? sendProblem(reply, busyProblem(deps.random))
      : answerError(error, request, reply),
  );
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, { status: 404, code: 'not-found' }),
  );
  await app.register(rateLimit, {
    max: deps.config.requestsPerMinute,
    timeWindow: rateWindowMs,
    keyGenerator: claimOf,
    errorResponseBuilder: (_request, context) =>
      Object.assign(new Error('slow down'), { statusCode: 429, afterMs: context.ttl }),
  });
  await app.register(swagger, {
    openapi: { info: { title: 'Greentill cloud', version: '1', description: apiWords } },
    transform: ({ schema, url }) => ({ schema: { ...schema, tags: [shelfOf(url)] }, url }),
  });
  measureRequests(app, deps);
  registerDoors(app, deps);
  registerAccess(app, deps);
  registerHealth(app, deps);
  registerErrorPages(app);
  app.addHook('onRoute', (route) => {
    if (route.path.startsWith('/docs'))
      route.config = { ...route.config, access: 'public', lane: 'free' };
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // Hundreds of routes opened at once hold a browser for seconds.
    uiConfig: { docExpansion: 'none', tagsSorter: 'alpha', filter: true },
  });
  return app;
}

const apiWords =
  'Terminals sign every request with Ed25519 (RFC 9421); /admin takes the bearer token of the operator. ' +
  'Failures are application/problem+json with a code of the error catalogue.';

/**
 * Where a route stands in the page of the API: `/v1/charges/:orderId` among `/v1/charges`, what is
 * shown to people under `/`.
 */
function shelfOf(url: string): string {
  const [, first = '', second] = /^\/(admin\/v1|v1)\/([^/]+)/.exec(url) ?? [];
  return second === undefined ? '/' : `/${first}/${second}`;
}

function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const problem = problemOf(error);
  if (problem.status >= 500) logFailure(error, request);
  return sendProblem(reply, problem);
}

/** The route, not the path: the path of a claim page holds the token of a receipt. */
function logFailure(error: FastifyError, request: FastifyRequest): void {
  const { method, routeOptions } = request;
  request.log.error({ err: error, method, route: routeOptions.url ?? 'none' }, 'request failed');
}

function problemOf(error: FastifyError & { afterMs?: number }): ProblemInput {
  const status = error.statusCode ?? 500;
  if (status === 413) return { status, code: 'batch-too-large' };
  if (status === 429) {
    const retryAfterSeconds = Math.ceil((error.afterMs ?? rateWindowMs) / 1000);
    return { status, code: 'cloud-busy', retryAfterSeconds };
  }
  if (status >= 500) return { status: 500, code: 'internal-error' };
  return { status, code: 'request-invalid', detail: error.message };
}

function measureRequests(app: CloudApp, deps: CloudDeps): void {
  app.addHook('onResponse', (request, reply, done) => {
    deps.metrics.requestSeconds.observe(
      {
        method: request.method,
        route: request.routeOptions.url ?? 'none',
        status: String(reply.statusCode),
      },
      reply.elapsedTime / 1000,
    );
    done();
  });
}

function registerHealth(app: CloudApp, deps: CloudDeps): void {
  const config = { access: 'public' as const, lane: 'free' as const, rateLimit: false as const };
  const schema = {
    summary: 'Is this process alive',
    response: { 200: Type.Object({ status: Type.String() }) },
  };
  app.get('/healthz', { config, schema }, () => ({ status: 'alive' }));
  const tokens = [
    deps.operatorToken,
    ...(deps.config.metricsToken ? [deps.config.metricsToken] : []),
  ];
  const isOurs = (authorization: string | undefined): boolean =>
    tokens.some((token) => isBearer(authorization, token));
  app.get('/readyz', { config, schema: { summary: 'Can it answer' } }, async (request, reply) => {
    try {
      await deps.db.execute(sql`select 1`);
      // That releases are held is no stranger's business: the disclosure tells it with its reasons'
      // number, and ten minutes late.
      return isOurs(request.headers.authorization)
        ? { status: 'ready', releases: await releasesOf(deps) }
        : { status: 'ready' };
    } catch {
      return sendProblem(reply, { status: 503, code: 'internal-error', detail: 'no database' });
    }
  });
  app.get('/metrics', { config, schema: { hide: true } }, async (request, reply) => {
    if (!isOurs(request.headers.authorization))
      return sendProblem(reply, { status: 401, code: 'operator-token-invalid' });
    reply.type(deps.metrics.registry.contentType);
    return deps.metrics.registry.metrics();
  });
}

/**
 * Held releases make no node unready: tills must go on selling while people look into the books.
 */
async function releasesOf({ metrics }: Pick<CloudDeps, 'metrics'>): Promise<'open' | 'held'> {
  const { values } = await metrics.releaseHolds.get();
  return values.some(({ value }) => value > 0) ? 'held' : 'open';
}

/** GET /errors/{code}: the page that the `type` of a problem names. */
function registerErrorPages(app: CloudApp): void {
  const schema = {
    summary: 'What an error code means',
    params: Type.Object({ code: Type.String({ maxLength: 64 }) }),
  };
  app.get(
    '/errors/:code',
    { schema, config: { access: 'public', lane: 'free' } },
    (request, reply) => {
      const { code } = request.params;
      if (!Object.hasOwn(errorCatalogue, code)) {
        return sendProblem(reply, { status: 404, code: 'not-found' });
      }
      return reply.send({ code, ...errorCatalogue[code as ErrorCode] });
    },
  );
}
