import Type from 'typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DisclosureSchema } from '#cloud/disclosure/disclosure-schema.ts';
import {
  createDisclosureSnapshot,
  snapshotMsMax,
  type Ready,
} from '#cloud/disclosure/disclosure-snapshot.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

/** Anybody: this many requests a minute from one address. */
const publicPerMinuteMax = 60;
const config = {
  access: 'public' as const,
  rateLimit: { max: publicPerMinuteMax, timeWindow: 60_000 },
};
const cacheControl = `public, max-age=${Math.trunc(snapshotMsMax / 1000)}`;

/**
 * GET /v1/disclosure    pool, fund, coverage, gate history, multipliers of closed periods, rules and their versions
 * GET /disclosure       the same as a page
 * Both are public and answer a snapshot of at most ten minutes, with an entity tag: 304 when it is
 * the one that is known.
 */
export function registerDisclosureRoutes(
  app: CloudApp,
  deps: Pick<CloudDeps, 'db' | 'clock' | 'operatorId'>,
): void {
  const snapshot = createDisclosureSnapshot(deps);
  const schema = {
    summary: 'What anybody may know about the points',
    response: { 200: DisclosureSchema, 304: Type.Null() },
  };
  app.get('/v1/disclosure', { schema, config }, async (request, reply) => {
    const { json } = await snapshot();
    if (isKnown(request, reply, json)) return reply.code(304).send(null);
    reply.header('content-type', 'application/json; charset=utf-8');
    // Written once for everybody: a string goes out as it is.
    return reply.serializer((text: unknown) => String(text)).send(json.text as never);
  });
  app.get('/disclosure', { schema: { hide: true }, config }, async (request, reply) => {
    const { page } = await snapshot();
    reply.headers(page.headers);
    if (isKnown(request, reply, page)) return reply.code(304).send();
    return reply.send(page.text);
  });
}

function isKnown(request: FastifyRequest, reply: FastifyReply, { etag }: Ready): boolean {
  reply.header('etag', etag);
  reply.header('cache-control', cacheControl);
  const known = request.headers['if-none-match'];
  return known !== undefined && known.split(',').some((tag) => tag.trim() === etag);
}
