import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { expect, test } from 'vitest';
import { createLoopbackLink } from './loopback-api.ts';

async function openHost(): Promise<{ http: HttpServer; sockets: Server; origin: string }> {
  const http = createServer((_, response) => response.end('{"ok":true,"value":{}}'));
  const sockets = new Server(http, { path: '/events', serveClient: false });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return { http, sockets, origin: `http://127.0.0.1:${port}` };
}

test('a host that says goodbye in order is looked for again', async () => {
  const { sockets, origin } = await openHost();
  let connections = 0;
  sockets.on('connection', (socket) => {
    connections += 1;
    // A polite end: the packet arrives before the connection closes.
    if (connections === 1) setTimeout(() => socket.disconnect(false), 20);
  });
  const seen: boolean[] = [];
  createLoopbackLink({ origin, token: 'any' }).watch((up) => seen.push(up));
  await expect.poll(() => connections).toBe(2);
  expect(seen).toContain(false);
  await sockets.close();
});
