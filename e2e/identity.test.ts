import { rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemTimers } from '#drivers/core/system-ports.ts';
import type { Timers } from '#drivers/core/timers.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal, admin } from '#cloud/platform/testing/test-terminal.ts';
import { createAgent, type Agent } from '#terminal/agent/agent.ts';
import { heartbeatPauseMs } from '#terminal/agent/cloud-side.ts';

/** A whole till and the whole cloud: what happens to the till's identity while it sells. */
const beatMs = 300;
const withinMs = 15_000;
let cloud: TestCloud;
let app: CloudApp;
let origin: string;
let agent: Agent;
const dataDir = mkdtempSync(join(tmpdir(), 'greentill-identity-'));
const operatorToken = testOperatorToken;

beforeAll(async () => {
  cloud = await createTestCloud();
  app = await buildTestApp(cloud);
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const { merchantId, storeId } = await activateTestTerminal({ origin, operatorToken });
  const path = `/admin/v1/merchants/${merchantId}/stores/${storeId}/activation-codes`;
  const issued = await admin({ origin, operatorToken }, path, undefined);
  await start();
  getOrThrow(await agent.activate(String(issued.body['code'])));
});
afterAll(async () => {
  await agent.stop();
  await app.close();
  await cloud.close();
  rmSync(dataDir, { recursive: true });
});

async function start(): Promise<void> {
  const config = { dataDir, cloudUrl: origin, cashier: '小王', devices: [] };
  // Only the pause between heartbeats is short: requests have their true time.
  const timers: Timers = {
    after: (delayMs, run) =>
      systemTimers.after(delayMs === heartbeatPauseMs ? beatMs : delayMs, run),
  };
  agent = getOrThrow(await createAgent({ config, appVersion: '1.0.0', timers }));
  await agent.start();
}

interface Known {
  readonly [name: string]: unknown;
  readonly terminal_id: string;
  readonly public_key: string;
  readonly previous_public_key: string | null;
}
async function known(): Promise<Known> {
  const { rows } = await cloud.deps.db.execute<Known>(sql`
    select terminal_id, public_key, previous_public_key from terminal where model = 'pc'`);
  return rows[0]!;
}

async function sellCash(): Promise<void> {
  await agent.api.call('till.setAmount', { amountFen: 500 });
  expect((await agent.api.call('till.payCash', { tenderedFen: 500 })).ok).toBe(true);
}
const status = async () => getOrThrow(await agent.api.call('status.get', {}));
const allSent = () =>
  expect.poll(async () => (await status()).unsentCount, { timeout: withinMs }).toBe(0);

test('asked for a new key, the till makes one by itself, sells on, and still knows it after a restart', async () => {
  await sellCash();
  await allSent();
  const before = await known();
  const path = `/admin/v1/terminals/${before.terminal_id}/rotate-key`;
  expect((await admin({ origin, operatorToken }, path, undefined)).status).toBe(200);
  await expect
    .poll(async () => (await known()).previous_public_key, { timeout: withinMs })
    .toBe(before.public_key);
  expect((await known()).public_key).not.toBe(before.public_key);
  await sellCash();
  await allSent();
  await agent.stop();
  await start();
  await sellCash();
  await allSent();
  expect(await status()).toMatchObject({ online: true, problem: null });
});

test('closed, the till says so and hands its journal over into quarantine; nothing else is open to it', async () => {
  const { terminal_id: terminalId } = await known();
  await admin({ origin, operatorToken }, `/admin/v1/terminals/${terminalId}/revoke`, undefined);
  await expect
    .poll(async () => (await status()).problem?.code, { timeout: withinMs })
    .toBe('terminal-revoked');
  await sellCash();
  await allSent();
  const { rows } = await cloud.deps.db.execute(sql`
    select distinct code from journal_parked where terminal_id = ${terminalId}`);
  expect(rows).toEqual([{ code: 'terminal-revoked' }]);
});
