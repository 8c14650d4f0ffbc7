import { createServer, request as ask, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import Type from 'typebox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemRandom, systemTimers } from '#drivers/core/system-ports.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { signatureAgeSecondsMax } from '#shared/wire/v1/signing.ts';
import { createCloudClient, type CloudClient } from '#terminal/agent/uplink/cloud-client.ts';

/** A cloud that judges the time in signatures by its own clock, and a proxy before it that says what it likes. */
const startMs = 1_790_000_000_000;
const dayMs = 86_400_000;
const windowMs = signatureAgeSecondsMax * 1_000;
/** The proxy's word: another date, no date, a page of its own, or another time in a refusal. */
interface Lie {
  readonly dateOffMs?: number | 'none';
  readonly answersItself?: boolean;
  readonly staleOffMs?: number;
}
let lie: Lie;
let clock: ReturnType<typeof createManualClock>;
let cloudAheadMs: number;
let servers: Server[];
let client: CloudClient;

const cloudMs = (): number => clock.nowMs() + cloudAheadMs;
const dateOf = (atMs: number): string => new Date(atMs).toUTCString();
const listen = async (server: Server): Promise<number> => {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/** Its clock is `cloudAheadMs` ahead of the till's. */
const openCloud = (): Promise<number> =>
  listen(
    createServer((request, response) => {
      const [, created] = /created=(\d+)/.exec(String(request.headers['signature-input'])) ?? [];
      const isSigned = created !== undefined;
      const isStale = isSigned && Math.abs(Number(created) * 1_000 - cloudMs()) > windowMs;
      const refusal = {
        type: 'about:blank',
        title: 'stale',
        status: 401,
        code: 'signature-stale',
        retryable: true,
        serverMs: cloudMs() + (lie.staleOffMs ?? 0),
      };
      response.sendDate = false;
      response.writeHead(isStale ? 401 : 200, {
        'content-type': isStale ? 'application/problem+json' : 'application/json',
        date: dateOf(cloudMs()),
      });
      response.end(JSON.stringify(isStale ? refusal : { taken: true }));
    }),
  );

const openProxy = (port: number): Promise<number> =>
  listen(
    createServer((request, response) => {
      const { dateOffMs = 0 } = lie;
      const date = dateOffMs === 'none' ? undefined : dateOf(cloudMs() + dateOffMs);
      response.sendDate = false;
      const say = (status: number, headers: object, body: Buffer): void => {
        response.writeHead(status, { ...headers, ...(date === undefined ? {} : { date }) });
        response.end(body);
      };
      if (lie.answersItself === true) {
        say(200, { 'content-type': 'text/html' }, Buffer.from('<html>please log in</html>'));
        return;
      }
      const { method, url, headers } = request;
      const onward = ask({ port, host: '127.0.0.1', method, path: url, headers }, (answer) => {
        const { date: _theirs, ...rest } = answer.headers;
        void buffer(answer).then((body) => say(answer.statusCode ?? 502, rest, body));
      });
      request.pipe(onward);
    }),
  );

beforeEach(async () => {
  [lie, servers, cloudAheadMs] = [{}, [], 0];
  clock = createManualClock(startMs);
  const port = await openProxy(await openCloud());
  client = createCloudClient({
    cloudUrl: `http://127.0.0.1:${port}`,
    key: { publicKey: '', sign: () => Buffer.alloc(64), hashKey: () => Buffer.alloc(32) },
    terminalId: () => 'trm_01KAN7D5Q00000000000000001',
    clock,
    random: systemRandom,
    timers: systemTimers,
    fetch: globalThis.fetch,
    onOutcome: () => undefined,
    onIdentityEvidence: () => undefined,
  });
});
afterEach(async () => {
  client.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

const answer = Type.Object({ taken: Type.Literal(true) });
const call = async (unsigned = false): Promise<boolean> =>
  (await client.call({ method: 'GET', path: '/v1/results', answer, unsigned })).ok;
/** How far the till takes the cloud to be ahead of the computer's clock; undefined when it does not know. */
const believed = (): number | undefined => {
  const trusted = client.trustedNowMs();
  return trusted === undefined ? undefined : trusted - clock.nowMs();
};
const unmoved = (): void => {
  expect(client.cloudNowMs()).toBe(clock.nowMs());
};

describe('a date is believed for a signature that the cloud took', () => {
  test('and then to the second, also where the computer’s clock is two minutes off', async () => {
    cloudAheadMs = 120_000;
    expect(await call()).toBe(true);
    expect(believed()).toBe(120_000);
    expect(client.cloudNowMs() - clock.nowMs()).toBe(120_000);
  });

  test('a clock a day off is corrected by what the cloud names and then takes', async () => {
    cloudAheadMs = dayMs;
    expect(await call()).toBe(true);
    expect(believed()).toBe(dayMs);
    // Also when no header says it.
    lie = { dateOffMs: 'none' };
    cloudAheadMs = -dayMs;
    expect(await call()).toBe(true);
    expect(believed()).toBe(-dayMs);
  });
});

describe('a lying proxy', () => {
  test.each([dayMs, -dayMs, windowMs + 12_000, -windowMs - 12_000])(
    'that adds %i ms to every date changes nothing, whatever the clock was corrected by before',
    async (dateOffMs) => {
      lie = { dateOffMs };
      expect(await call()).toBe(true);
      expect(believed()).toBeUndefined();
      unmoved();
      lie = {};
      cloudAheadMs = 60_000;
      await call();
      lie = { dateOffMs };
      for (let turn = 0; turn < 3; turn += 1) expect(await call()).toBe(true);
      expect(believed()).toBe(60_000);
    },
  );

  test('inside the window moves it by no more than the window, however often it is asked', async () => {
    lie = { dateOffMs: windowMs - 10_000 };
    for (let turn = 0; turn < 10; turn += 1) expect(await call()).toBe(true);
    expect(Math.abs(believed() ?? 0)).toBeLessThanOrEqual(windowMs);
  });

  test('that answers itself, with a page or to a probe, is believed nothing', async () => {
    lie = { dateOffMs: dayMs, answersItself: true };
    expect(await call()).toBe(false);
    await client.probe(1_000);
    expect(believed()).toBeUndefined();
    unmoved();
  });

  test('is shown to people and no more, while nothing is signed yet', async () => {
    lie = { dateOffMs: dayMs };
    expect(await call(true)).toBe(true);
    expect(believed()).toBeUndefined();
    expect((client.claimedNowMs() ?? 0) - clock.nowMs()).toBe(dayMs);
  });

  test('that names another time for a refused signature is tried once and forgotten', async () => {
    cloudAheadMs = dayMs;
    lie = { staleOffMs: 5 * dayMs };
    expect(await call()).toBe(false);
    expect(believed()).toBeUndefined();
    unmoved();
    lie = {};
    expect(await call()).toBe(true);
    expect(believed()).toBe(dayMs);
  });
});
