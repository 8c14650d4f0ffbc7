import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sql, type SQL } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { BatchAnswerSchema } from '#shared/wire/v1/journal.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal, admin } from '#cloud/platform/testing/test-terminal.ts';
import { createAgent, type Agent } from '#terminal/agent/agent.ts';
import { openDeviceKey } from '#terminal/agent/identity/device-key.ts';
import { getMeta, getMetaNumber } from '#terminal/agent/journal/meta.ts';
import { openStore } from '#terminal/agent/journal/open-store.ts';
import { recoveryClient } from '#terminal/agent/store/recovery/cloud-copy.ts';
import { cutBatch } from '#terminal/agent/uplink/cut-batch.ts';
import type { IdentityState } from '#terminal/ipc/identity.ts';
import type { Status } from '#terminal/ipc/state.ts';
import type { Today } from '#terminal/ipc/views.ts';

/** A whole till and the whole cloud; the till loses its disk and gets it back with the commands of the manual. */
const operatorToken = testOperatorToken;
const dataDir = mkdtempSync(join(tmpdir(), 'greentill-recovery-'));
const configFile = join(dataDir, 'till.json');
const storeProgram = fileURLToPath(new URL('../terminal/agent/store-main.ts', import.meta.url));
let cloud: TestCloud;
let app: CloudApp;
let origin: string;
let agent: Agent | undefined;

beforeAll(async () => {
  cloud = await createTestCloud();
  app = await buildTestApp(cloud);
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  writeFileSync(configFile, JSON.stringify(config()));
});
afterAll(async () => {
  await agent?.stop();
  await app.close();
  await cloud.close();
  rmSync(dataDir, { recursive: true });
});

const config = () => ({ dataDir, cloudUrl: origin, cashier: '小王', devices: [] });

async function start(): Promise<Agent> {
  agent = getOrThrow(await createAgent({ config: config(), appVersion: '1.0.0' }));
  await agent.start();
  return agent;
}

async function stop(): Promise<void> {
  await agent?.stop();
  agent = undefined;
}

async function ask<T>(till: Agent, method: string, input: object = {}): Promise<T> {
  const answer = await till.api.call(method as 'status.get', input);
  if (!answer.ok) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
  return answer.value as T;
}

async function sellCash(till: Agent, amountFen: number): Promise<void> {
  await ask(till, 'till.setAmount', { amountFen });
  await ask(till, 'till.payCash', { tenderedFen: amountFen });
}

async function allSent(till: Agent): Promise<void> {
  for (let look = 0; look < 300; look += 1) {
    if ((await ask<Status>(till, 'status.get')).unsentCount === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the journal did not reach the cloud');
}

/** Runs the command of the manual; answers what it printed, and whether it ended well. */
async function store(...words: string[]): Promise<{ ok: boolean; text: string }> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [
      storeProgram,
      ...words,
      '--config',
      configFile,
    ]);
    return { ok: true, text: stdout };
  } catch (error) {
    return { ok: false, text: String((error as { stderr?: string }).stderr) };
  }
}

test('a till loses its disk: backup and cloud bring every sale back, and the day is right again', async () => {
  const { merchantId, storeId } = await activateTestTerminal({ origin, operatorToken });
  const path = `/admin/v1/merchants/${merchantId}/stores/${storeId}/activation-codes`;
  const issued = await admin({ origin, operatorToken }, path, undefined);
  let till = await start();
  getOrThrow(await till.activate(String(issued.body['code'])));
  await sellCash(till, 1_000);
  expect(JSON.parse((await store('backup')).text)).toMatchObject({ type: 'backed-up' });
  expect(JSON.parse((await store('check')).text)).toMatchObject({ type: 'checked' });
  await sellCash(till, 2_000);
  await sellCash(till, 3_000);
  await allSent(till);
  const before = await ask<Today>(till, 'today.get');
  expect(await store('restore')).toMatchObject({
    ok: false,
    text: expect.stringContaining('store-locked'),
  });
  await stop();

  for (const name of readdirSync(dataDir))
    if (name.startsWith('journal.db')) rmSync(join(dataDir, name));
  const restored = await store('restore');
  expect(restored.ok).toBe(true);
  expect(JSON.parse(restored.text)).toMatchObject({ lost: [], refused: [], withCloud: true });
  expect((JSON.parse(restored.text) as { pulledCount: number }).pulledCount).toBeGreaterThanOrEqual(
    4,
  );

  till = await start();
  expect(await ask<Today>(till, 'today.get')).toMatchObject({
    cashFen: before.cashFen,
    turnoverFen: 6_000,
    orderCount: 3,
  });
  await sellCash(till, 4_000);
  await allSent(till);
  expect((await ask<Status>(till, 'status.get')).exceptionCount).toBe(0);
  await stop();

  writeFileSync(join(dataDir, 'journal.db'), 'noise\n'.repeat(4_000));
  expect((await store('salvage')).ok).toBe(true);
  till = await start();
  expect(await ask<Today>(till, 'today.get')).toMatchObject({ turnoverFen: 10_000, orderCount: 4 });
  await allSent(till);
}, 60_000);

/** What a till that died had sent, or was about to send: the batch after what the cloud has, and a line to send it. */
function lateBatch(): () => Promise<unknown> {
  const opened = getOrThrow(openStore(dataDir));
  const { terminalId } = JSON.parse(getMeta(opened.read, 'identity') ?? '{}') as {
    terminalId: string;
  };
  const position = getMetaNumber(opened.read, 'acked-position');
  const batch = cutBatch(opened.read, { position, entriesMax: 100 });
  opened.close();
  const key = getOrThrow(openDeviceKey(dataDir));
  const line = recoveryClient({ cloudUrl: origin, key, terminalId });
  return () =>
    line.call({
      method: 'POST',
      path: '/v1/journal/batches',
      ...(batch && { bodyJson: batch.json }),
      answer: BatchAnswerSchema,
    });
}

const count = async (query: SQL) => (await cloud.deps.db.execute<{ n: number }>(query)).rows[0]?.n;

test('a batch of the till that died comes after the restore: kept aside, told to people, and never in the journal', async () => {
  await stop();
  expect((await store('backup')).ok).toBe(true);
  const cutOff = getOrThrow(
    await createAgent({
      config: { ...config(), cloudUrl: 'http://127.0.0.1:9' },
      appVersion: '1.0.0',
    }),
  );
  await cutOff.start();
  await sellCash(cutOff, 7_000);
  await cutOff.stop();
  const send = lateBatch();
  for (const name of readdirSync(dataDir))
    if (name.startsWith('journal.')) rmSync(join(dataDir, name));
  expect((await store('restore')).ok).toBe(true);

  expect(await send()).toMatchObject({ ok: false, error: { code: 'journal-epoch-closed' } });
  const till = await start();
  expect(await ask<Today>(till, 'today.get')).toMatchObject({ turnoverFen: 10_000, orderCount: 4 });
  await sellCash(till, 1_000);
  await allSent(till);
  expect(await count(sql`select count(*) as n from journal_quarantine`)).toBe(1);
  expect(
    await count(sql`select count(*) as n from terminal_alarm where kind = 'epoch-closed'`),
  ).toBe(1);
  expect(await count(sql`select count(*) as n from customer_order where amount_fen = 7000`)).toBe(
    0,
  );
}, 60_000);

test('without the cloud nothing is changed unless the owner says so', async () => {
  await stop();
  const other = { ...config(), cloudUrl: 'http://127.0.0.1:9' };
  writeFileSync(configFile, JSON.stringify(other));
  expect(await store('salvage')).toMatchObject({
    ok: false,
    text: expect.stringContaining('cloud-unreachable'),
  });
  const alone = await store('salvage', '--alone');
  expect(JSON.parse(alone.text)).toMatchObject({ withCloud: false, lost: [] });
  const till = await start();
  expect(JSON.stringify(await ask(till, 'exceptions.list'))).toContain('store-restored-alone');
  await stop();
}, 30_000);

test('a till that the desk has closed is told so, not that the line is down', async () => {
  writeFileSync(configFile, JSON.stringify(config()));
  const till = await start();
  const { terminalId } = await ask<IdentityState>(till, 'identity.state');
  await stop();
  await admin({ origin, operatorToken }, `/admin/v1/terminals/${terminalId}/revoke`, undefined);
  const refused = await store('salvage');
  expect(refused.ok).toBe(false);
  expect(refused.text).toContain('terminal-revoked');
  expect(refused.text).not.toContain('cloud-unreachable');
  expect(refused.text).toContain('--alone');
  expect((await store('salvage', '--alone')).ok).toBe(true);
}, 30_000);
