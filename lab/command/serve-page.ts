import type { AddressInfo } from 'node:net';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import Fastify from 'fastify';

const here = import.meta.dirname;
const builtFolder = path.resolve(here, '../../out/lab');
const loopback = '127.0.0.1';

/** No foreign host, no inline script; the engine runs in a worker of the page's own. */
const headers = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; " +
    "base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Builds the page and serves it on this machine only; port 0 picks a free one. */
export async function servePage(
  port: number,
  folder = builtFolder,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { build } = await import('vite');
  await build({
    configFile: path.resolve(here, '../page/vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: folder, emptyOutDir: true },
  });
  const app = Fastify({ forceCloseConnections: true });
  app.addHook('onSend', async (_request, reply) => {
    reply.headers(headers);
  });
  await app.register(fastifyStatic, { root: folder, index: 'index.html' });
  await app.listen({ host: loopback, port });
  const { port: taken } = app.server.address() as AddressInfo;
  return { url: `http://${loopback}:${taken}/`, close: () => app.close() };
}
