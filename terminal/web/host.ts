import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import fastifyStatic from '@fastify/static';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { Server } from 'socket.io';
import { dispatch } from '#terminal/ipc/dispatch.ts';
import type { TerminalApi } from '#terminal/ipc/terminal-api.ts';
import { judgeAccess, type RequestFacts } from '#terminal/web/access.ts';

/**
 * The loopback host: the till in any browser on this machine, without Electron.
 *
 * | path           | what                                                                  |
 * |----------------|-----------------------------------------------------------------------|
 * | POST /api/call | {method, input} with header x-greentill-token; answers the Result     |
 * | /events        | socket.io; auth {token}; event 'event' carries a TerminalEvent        |
 * | /              | the renderer; the token travels in the URL's fragment, never in a log |
 */
export interface WebHostOptions {
  readonly api: TerminalApi;
  /** At least 128 bits of randomness, as text. */
  readonly token: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** The built renderer; without it only the API is served. */
  readonly rendererFolder: string | undefined;
  /** Origins that may show the till in a frame (the demo's virtual counter); none by default. */
  readonly frameAncestors?: readonly string[];
}

export interface WebHost {
  /** http://127.0.0.1:PORT */
  readonly origin: string;
  /** The address to open in a browser, token included. */
  readonly url: string;
  close(): Promise<void>;
}

const loopback = '127.0.0.1';
const bodyBytesMax = 64 * 1024;
const socketsMax = 16;

export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const app = Fastify({ bodyLimit: bodyBytesMax, forceCloseConnections: true });
  const own = { authority: '', token: options.token };

  app.addHook('onSend', async (_request, reply) => {
    reply.headers(securityHeaders(options.frameAncestors ?? []));
  });
  registerCall(app, options.api, own);
  if (options.rendererFolder !== undefined && existsSync(options.rendererFolder)) {
    await app.register(fastifyStatic, { root: options.rendererFolder, index: 'index.html' });
  }

  await app.listen({ host: loopback, port: options.port });
  own.authority = `${loopback}:${(app.server.address() as AddressInfo).port}`;
  const events = serveEvents(app, options.api, own);
  const origin = `http://${own.authority}`;
  return {
    origin,
    url: `${origin}/#token=${options.token}`,
    async close() {
      events.close();
      await app.close();
    },
  };
}

function registerCall(
  app: FastifyInstance,
  api: TerminalApi,
  own: { authority: string; token: string },
): void {
  app.post('/api/call', async (request, reply) => {
    const refusal = judgeAccess(factsOf(request), own);
    if (refusal)
      return reply
        .code(403)
        .send({ ok: false, error: { code: 'host-access-refused', detail: refusal } });
    return dispatch(api, request.body);
  });
}

const factsOf = (request: FastifyRequest): RequestFacts => {
  const token = request.headers['x-greentill-token'];
  return {
    host: request.headers.host,
    origin: request.headers.origin,
    token: typeof token === 'string' ? token : undefined,
  };
};

function serveEvents(
  app: FastifyInstance,
  api: TerminalApi,
  own: { readonly authority: string; readonly token: string },
): { close(): void } {
  const sockets = new Server(app.server, {
    path: '/events',
    serveClient: false,
    maxHttpBufferSize: bodyBytesMax,
  });
  sockets.use((socket, next) => {
    const auth = socket.handshake.auth as { token?: unknown };
    const refusal = judgeAccess(
      {
        host: socket.handshake.headers.host,
        origin: socket.handshake.headers.origin,
        token: typeof auth.token === 'string' ? auth.token : undefined,
      },
      own,
    );
    if (refusal) return next(new Error(refusal));
    return next(
      sockets.engine.clientsCount > socketsMax ? new Error('too-many-windows') : undefined,
    );
  });
  const unsubscribe = api.subscribe((event) => sockets.emit('event', event));
  return {
    close() {
      unsubscribe();
      sockets.disconnectSockets(true);
    },
  };
}

function securityHeaders(frameAncestors: readonly string[]): Record<string, string> {
  const ancestors = frameAncestors.length > 0 ? frameAncestors.join(' ') : "'none'";
  return {
    'content-security-policy':
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
      `connect-src 'self' ws://${loopback}:*; object-src 'none'; base-uri 'none'; frame-ancestors ${ancestors}`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  };
}
