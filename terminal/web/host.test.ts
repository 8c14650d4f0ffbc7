import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { io } from 'socket.io-client';
import { describe, expect, it } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { createAgent } from '#terminal/agent/agent.ts';
import { activateFolder } from '#terminal/agent/testing/activated-folder.ts';
import { registerTerminalApiContract } from '#terminal/ipc/register-terminal-api-contract.ts';
import type { TerminalApi } from '#terminal/ipc/terminal-api.ts';
import { startWebHost } from '#terminal/web/host.ts';

const token = 'a-token-of-the-test-with-enough-bits';

async function openHost() {
  const folder = await mkdtemp(path.join(tmpdir(), 'greentill-web-'));
  await activateFolder(folder);
  const config = { dataDir: folder, cloudUrl: 'http://127.0.0.1:9', cashier: '王姐', devices: [] };
  const agent = getOrThrow(await createAgent({ config, appVersion: '0.1.0' }));
  await agent.start();
  const host = await startWebHost({ api: agent.api, token, port: 0, rendererFolder: undefined });
  return {
    host,
    close: async (): Promise<void> => {
      await host.close();
      await agent.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What the renderer's loopback link does: HTTP for calls, a socket for events. */
async function connectApi(origin: string): Promise<{ api: TerminalApi; close(): void }> {
  const socket = io(origin, { path: '/events', auth: { token }, transports: ['websocket'] });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.once('connect_error', reject);
  });
  const call = async (method: string, input: unknown): Promise<unknown> => {
    const response = await fetch(`${origin}/api/call`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-greentill-token': token },
      body: JSON.stringify({ method, input }),
    });
    return response.json();
  };
  return {
    api: {
      call: call as TerminalApi['call'],
      subscribe(listener) {
        socket.on('event', listener);
        return () => socket.off('event', listener);
      },
    },
    close: () => socket.close(),
  };
}

registerTerminalApiContract('loopback HTTP and socket.io', async () => {
  const { host, close } = await openHost();
  const client = await connectApi(host.origin);
  return {
    api: client.api,
    async close() {
      client.close();
      await close();
    },
  };
});

describe('loopback host', () => {
  it('refuses calls and events without the token or from another origin, and garbage, and stays up', async () => {
    const { host, close } = await openHost();
    const post = (headers: Record<string, string>, body: string) =>
      fetch(`${host.origin}/api/call`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
    const good = { 'x-greentill-token': token };
    const call = JSON.stringify({ method: 'till.state', input: {} });
    expect((await post({}, call)).status).toBe(403);
    expect((await post({ ...good, origin: 'https://evil.example' }, call)).status).toBe(403);
    expect((await post(good, '{"method":')).status).toBe(400);
    expect((await post(good, JSON.stringify({ pad: 'x'.repeat(70_000) }))).status).toBe(413);
    expect((await post(good, call)).status).toBe(200);
    const socket = io(host.origin, {
      path: '/events',
      auth: { token: 'wrong' },
      transports: ['websocket'],
      reconnection: false,
    });
    const refusal = await new Promise<Error>((resolve) => socket.once('connect_error', resolve));
    expect(refusal.message).toBe('token-refused');
    await close();
  });

  it('listens on loopback only and sends a strict content security policy', async () => {
    const { host, close } = await openHost();
    expect(new URL(host.origin).hostname).toBe('127.0.0.1');
    const response = await fetch(`${host.origin}/nothing`);
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    await close();
  });
});
