import { expect, test } from 'vitest';
import { newId } from '#shared/ids/ids.ts';
import { createHttpShell } from '#cloud/platform/http/http-shell.ts';
import { createLogger, redactedPaths } from '#cloud/platform/logger.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { buildTestApp } from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';

const cloud = useTestCloud();

test('health and readiness answer anyone; everything else is closed unless it says so', async () => {
  for (const path of ['/healthz', '/readyz', '/docs/json']) {
    expect((await fetch(cloud.origin + path)).status, path).toBe(200);
  }
  const document = (await (await fetch(`${cloud.origin}/docs/json`)).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const open: string[] = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const method of Object.keys(methods)) {
      const url = path.replaceAll(/\{\w+\}/g, 'x');
      const answer = await cloud.app.inject({ method: method.toUpperCase() as 'GET', url });
      if (answer.statusCode !== 401) open.push(`${method} ${path}`);
    }
  }
  expect(open.toSorted()).toEqual([
    'get /errors/{code}',
    'get /healthz',
    'get /readyz',
    // Closed by the agent's own token, which is looked at after the period.
    'get /v1/agent/statements/{period}.csv',
    'get /v1/disclosure',
    'get /v1/promotion/pins',
    'post /notify/v1/{channel}',
    'post /v1/claims',
    // Closed by the key in the member's link.
    'post /v1/member-pages',
    'post /v1/member-pages/account',
    'post /v1/member-pages/certificates',
    'post /v1/member-pages/payers',
    'post /v1/member-pages/payers/unlink',
    'post /v1/member-pages/releases',
    'post /v1/member-pages/shops',
    'post /v1/member-pages/wishes',
    'post /v1/terminals/activate',
  ]);
});

interface ApiPage {
  readonly paths: Record<string, Record<string, { summary?: string; tags?: readonly string[] }>>;
}

/** A summary is one line without a full stop: the page lists hundreds of them. */
const summaryPattern = /^[A-Z0-9][^\n]{4,98}[^\n.]$/;

/** Routes that the page of the API shows without a summary, or on no shelf. */
const wordlessRoutes = ({ paths }: ApiPage): readonly string[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { summary, tags }]) => !summaryPattern.test(summary ?? '') || tags?.length !== 1)
      .map(([method]) => `${method} ${path}`),
  );

const apiPageOf = async (of: CloudApp): Promise<ApiPage> => (await of.inject('/docs/json')).json();

test('every route says in a summary what it is for, and stands on a shelf of the page of the API', async () => {
  const page = await apiPageOf(cloud.app);
  expect(Object.keys(page.paths).length).toBeGreaterThan(100);
  expect(wordlessRoutes(page)).toEqual([]);
});

const nothing = () => Promise.resolve({});
const saying = (summary: string) => ({ schema: { summary, response: {} } });

test('planted violation: a route without a summary, and one with a whole story, are noticed', async () => {
  const shell = await createHttpShell(cloud.deps);
  shell.get('/v1/silent', nothing);
  shell.get('/v1/chatty', saying('Says this.\nAnd that.'), nothing);
  shell.get('/v1/clear', saying('What is there'), nothing);
  await shell.ready();
  expect(wordlessRoutes(await apiPageOf(shell))).toEqual(['get /v1/silent', 'get /v1/chatty']);
  await shell.close();
});

test('every failure is a problem with a code of the catalogue, and its type is a page', async () => {
  const answer = await fetch(`${cloud.origin}/v1/nothing`);
  expect(answer.status).toBe(404);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const problem = (await answer.json()) as { type: string };
  expect(problem).toMatchObject({ code: 'not-found', status: 404, retryable: false });
  const page = (await (await fetch(cloud.origin + problem.type)).json()) as object;
  expect(page).toMatchObject({ code: 'not-found', zh: '没有找到' });
});

test('payment codes, activation codes, tokens and signatures never reach the log', async () => {
  const terminal = await activateTestTerminal(cloud);
  const authCode = '134567890123456789';
  await terminal.post('/v1/charges', {
    orderId: newId('ord', cloud.deps),
    attempt: 1,
    amountFen: 100,
    voucherFen: 0,
    concessionBp: 1000,
    businessDate: '2026-11-22',
    cashier: '小王',
    wallet: 'wechat',
    authCode,
    openedAtMs: 1,
  });
  await terminal.post('/v1/charges', { authCode });
  const log = cloud.log();
  for (const secret of [authCode, cloud.operatorToken, 'sig1=']) expect(log).not.toContain(secret);
});

test('the second fence: an object that is logged by mistake loses its secrets at any depth used', () => {
  let written = '';
  const logger = createLogger({ level: 'info', stream: { write: (line) => (written += line) } });
  const secrets = {
    authCode: '1345',
    code: 'ABCD12345678',
    signature: 'sig1=:x:',
    phone: '13800000001',
    proof: 'p-r-o-o-f',
  };
  logger.info(
    { ...secrets, body: secrets, request: { body: secrets, deep: { body: secrets } } },
    'x',
  );
  for (const secret of Object.values(secrets)) expect(written).not.toContain(secret);
  const failed = new Error('Failed query: select $1\nparams: 13800000001');
  logger.error({ err: failed }, 'x');
  expect(written).toContain('select $1');
  expect(written).not.toContain('13800000001');
  expect(redactedPaths.length).toBeGreaterThan(0);
});

test('a stranger does not get a fresh allowance on public routes by making up key ids', async () => {
  const statuses: number[] = [];
  for (let n = 0; n < 40; n += 1) {
    const keyid = `trm_${String(n).padStart(26, '0')}`;
    const answer = await cloud.app.inject({
      method: 'POST',
      url: '/v1/claims',
      headers: { 'content-type': 'application/json', 'signature-input': `keyid="${keyid}"` },
      payload: { claimToken: '0123456789ABCDEF', phone: '13800000001' },
    });
    statuses.push(answer.statusCode);
  }
  expect(statuses.at(0)).toBe(404);
  expect(statuses.at(-1)).toBe(429);
});

test('the log of a failed request names its route, not its path: a claim link holds a token', async () => {
  const claimToken = 'FEDCBA9876543210';
  const db = { execute: () => Promise.reject(new Error('the database is away')) };
  const broken = await buildTestApp({
    ...cloud,
    deps: { ...cloud.deps, db: db as unknown as typeof cloud.deps.db },
  });
  expect((await broken.inject({ url: `/claim/${claimToken}` })).statusCode).toBe(500);
  await broken.close();
  expect(cloud.log()).toContain('/claim/:token');
  expect(cloud.log()).not.toContain(claimToken);
});

test('metrics are for who has the operator’s token or the one for metrics, and for nobody else', async () => {
  const metricsToken = 'metrics-token-0123456789abcdef-0123';
  const deps = { ...cloud.deps, config: { ...cloud.deps.config, metricsToken } };
  const own = await buildTestApp({ ...cloud, deps });
  const ask = async (authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    return (await own.inject({ method: 'GET', url: '/metrics', headers })).statusCode;
  };
  expect(await ask()).toBe(401);
  expect(await ask('Bearer something-else')).toBe(401);
  expect(await ask(`Bearer ${cloud.operatorToken}`)).toBe(200);
  expect(await ask(`Bearer ${metricsToken}`)).toBe(200);
  await own.close();
});

const ready = async (token?: string) => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await cloud.app.inject({ method: 'GET', url: '/readyz', headers });
  return { status: answer.statusCode, body: answer.json<object>() };
};

const told = (releases: string) => ({ status: 200, body: { status: 'ready', releases } });

test('held releases are said by readiness to the operator alone, and make no node unready', async () => {
  expect(await ready(cloud.operatorToken)).toEqual(told('open'));
  cloud.deps.metrics.releaseHolds.set(2);
  expect(await ready(cloud.operatorToken)).toEqual(told('held'));
  // A stranger learns that the node lives, and nothing of the books: neither when they are held nor
  // when they are not.
  for (const holds of [2, 0]) {
    cloud.deps.metrics.releaseHolds.set(holds);
    for (const token of [undefined, 'something-else'])
      expect(await ready(token)).toEqual({ status: 200, body: { status: 'ready' } });
  }
  cloud.deps.metrics.releaseHolds.set(0);
});

const addressBehind = async (trustedProxies: readonly string[], forwarded: string) => {
  const deps = { ...cloud.deps, config: { ...cloud.deps.config, trustedProxies } };
  const own = await createHttpShell(deps);
  own.get('/who', { config: { access: 'public' } }, (request) => ({ ip: request.ip }));
  const answer = await own.inject({
    method: 'GET',
    url: '/who',
    remoteAddress: '10.0.0.9',
    headers: { 'x-forwarded-for': forwarded },
  });
  await own.close();
  return answer.json<{ ip: string }>().ip;
};

test('a caller’s address is what the socket says, unless a named hop says otherwise', async () => {
  expect(await addressBehind([], '203.0.113.7')).toBe('10.0.0.9');
  expect(await addressBehind(['10.0.0.8'], '203.0.113.7')).toBe('10.0.0.9');
  expect(await addressBehind(['10.0.0.9'], '203.0.113.7')).toBe('203.0.113.7');
  // What a stranger writes himself stands before what the hops add, and is not believed.
  expect(await addressBehind(['10.0.0.0/24'], '198.51.100.1, 203.0.113.7, 10.0.0.4')).toBe(
    '203.0.113.7',
  );
});
