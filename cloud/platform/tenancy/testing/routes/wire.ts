import type { LightMyRequestResponse } from 'fastify';
import type { FuzzCloud, SentRequest } from '#cloud/platform/tenancy/testing/routes/fuzz-house.ts';
import type { TestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import type { Clock } from '#shared/time/clock.ts';

export const fuzzOrigin = 'http://cloud.test';
const jsonHeaders = { 'content-type': 'application/json' };
let addresses = 0;

/** Sends a request from an address of its own, so that no limit per address stops a caller. */
export async function send(
  { app }: Pick<FuzzCloud, 'app'>,
  request: SentRequest,
  headers: Readonly<Record<string, string>>,
): Promise<LightMyRequestResponse> {
  addresses += 1;
  return await app.inject({
    method: request.method as 'GET',
    url: request.url,
    remoteAddress: `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`,
    headers: {
      host: new URL(fuzzOrigin).host,
      ...(request.body.length === 0 ? {} : jsonHeaders),
      ...headers,
    },
    ...(request.body.length === 0 ? {} : { payload: request.body }),
  });
}

/** The same for what must succeed; answers the body. */
export async function ask(
  cloud: Pick<FuzzCloud, 'app'>,
  asked: { readonly method: string; readonly url: string; readonly body?: unknown },
  headers: (request: SentRequest) => Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, unknown>>> {
  const body = Buffer.from(asked.body === undefined ? '' : JSON.stringify(asked.body));
  const request = { method: asked.method, url: asked.url, body };
  const answer = await send(cloud, request, headers(request));
  if (answer.statusCode >= 300)
    throw new Error(`${asked.method} ${asked.url}: ${answer.statusCode} ${answer.body}`);
  return answer.json();
}

/** Signed headers of a till whose clock is the house's. */
export function signerOf(
  till: Pick<TestTerminal, 'sign'>,
  clock: Clock,
): (request: SentRequest) => Readonly<Record<string, string>> {
  return ({ method, url, body }) => {
    const behindMs = clock.nowMs() - Date.now();
    return till.sign(method, url, body, { createdShiftSeconds: Math.floor(behindMs / 1000) });
  };
}
