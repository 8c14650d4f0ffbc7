import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock, systemTimers } from '#drivers/core/system-ports.ts';
import type { Timers } from '#drivers/core/timers.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { SignedConfig } from '#shared/wire/v1/terminals.ts';
import { loadCloudKeys, type CloudKeys } from '#cloud/identity/cloud-keys.ts';
import { renewConfigBasis } from '#cloud/identity/config-basis.ts';
import { exportKeyPair, generateKeyPair, signText } from '#cloud/identity/ed25519.ts';
import { signingKeyOverlapMs } from '#cloud/identity/signing-key-changes.ts';
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

/** A whole cloud that changes the key of its configurations, and the tills that follow it or do not. */
const beatMs = 300;
const withinMs = 15_000;
const operatorToken = testOperatorToken;
const folder = mkdtempSync(join(tmpdir(), 'greentill-config-key-'));
const [first, second, third] = [generateKeyPair(), generateKeyPair(), generateKeyPair()];
const thief = generateKeyPair();

/** Days that pass for the cloud and the tills alike. */
let laterMs = 0;
const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + laterMs };
let cloud: TestCloud;
let app: CloudApp;
let origin: string;
let shop: { readonly merchantId: string; readonly storeId: string };
const tills: Agent[] = [];

const keysOf = (signing = first, next?: typeof first): CloudKeys =>
  loadCloudKeys({
    ...cloud.deps.config,
    cloudSigningKey: exportKeyPair(signing),
    cloudNextSigningKey: next && exportKeyPair(next),
    cloudSealKey: exportKeyPair(first),
  });

/** The cloud as it starts with other keys in its environment. */
async function startCloud(keys: CloudKeys): Promise<void> {
  const deps = { ...cloud.deps, keys };
  await deps.db.transaction((tx) => renewConfigBasis(tx, deps));
  const port = Number(new URL(origin).port);
  await app.close();
  app = await buildTestApp({ deps });
  await app.listen({ host: '127.0.0.1', port });
}

beforeAll(async () => {
  cloud = await createTestCloud({ clock });
  app = await buildTestApp(cloud);
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  await startCloud(keysOf());
  shop = await activateTestTerminal({ origin, operatorToken });
});
afterAll(async () => {
  await Promise.all(tills.map((till) => till.stop()));
  await app.close();
  await cloud.close();
  rmSync(folder, { recursive: true });
});

type Tamper = (config: SignedConfig) => SignedConfig;

async function startTill(name: string, tamper: Tamper = (config) => config): Promise<Agent> {
  const timers: Timers = {
    after: (delayMs, run) =>
      systemTimers.after(delayMs === heartbeatPauseMs ? beatMs : delayMs, run),
  };
  const config = { dataDir: join(folder, name), cloudUrl: origin, cashier: '小王', devices: [] };
  const till = getOrThrow(
    await createAgent({ config, appVersion: '1.0.0', timers, clock, fetch: lineOf(tamper) }),
  );
  tills.push(till);
  await till.start();
  return till;
}

/** The line from a till: on it somebody may alter what the cloud says, and the cloud's time has its days. */
const lineOf =
  (tamper: Tamper): typeof fetch =>
  async (input, init) => {
    const answer = await fetch(input, init);
    const headers = new Headers(answer.headers);
    headers.set('date', new Date(clock.nowMs()).toUTCString());
    const isConfig = answer.url.endsWith('/me/config') && answer.ok;
    const body = isConfig
      ? JSON.stringify(tamper((await answer.json()) as SignedConfig))
      : await answer.arrayBuffer();
    return new Response(body, { status: answer.status, headers });
  };

async function activated(name: string): Promise<Agent> {
  const path = `/admin/v1/merchants/${shop.merchantId}/stores/${shop.storeId}/activation-codes`;
  const issued = await admin({ origin, operatorToken }, path, undefined);
  const till = await startTill(name);
  getOrThrow(await till.activate(String(issued.body['code'])));
  return till;
}

async function stopTill(till: Agent): Promise<void> {
  tills.splice(tills.indexOf(till), 1);
  await till.stop();
}

/** Something that only a new configuration tells the tills. */
async function nameShop(name: string): Promise<void> {
  await cloud.deps.db.execute(sql`update merchant set name = ${name}`);
  await cloud.deps.db.execute(sql`update terminal set config_version = config_version + 1`);
}
const nameAt = async (till: Agent): Promise<string> =>
  getOrThrow(await till.api.call('identity.state', {})).merchantName;
const problemOf = async (till: Agent) =>
  getOrThrow(await till.api.call('status.get', {})).problem?.code;
const hears = (till: Agent, name: string) =>
  expect.poll(() => nameAt(till), { timeout: withinMs }).toBe(name);

test('a till that is on follows both changes; one that slept through them follows the chain; a planted one is refused', async () => {
  await nameShop('一店');
  const awake = await activated('awake');
  const [asleep, robbed] = [await activated('asleep'), await activated('robbed')];
  await stopTill(asleep);
  await stopTill(robbed);

  // Announced under the first key, signed by the second one when its time has come, without anybody's doing.
  await startCloud(keysOf(first, second));
  await nameShop('二店');
  await hears(awake, '二店');
  laterMs += signingKeyOverlapMs;
  await nameShop('三店');
  await hears(awake, '三店');

  // A second change, and the key before it is gone from the cloud.
  await startCloud(keysOf(second, third));
  await nameShop('四店');
  await hears(awake, '四店');
  laterMs += signingKeyOverlapMs;
  await startCloud(keysOf(third));
  await nameShop('五店');
  await hears(awake, '五店');
  expect(await problemOf(awake)).toBeUndefined();
  await stopTill(awake);
  expect(await nameAt(await startTill('awake'))).toBe('五店');

  const woken = await startTill('asleep');
  expect(await nameAt(woken)).toBe('一店');
  await hears(woken, '五店');
  expect(await problemOf(woken)).toBeUndefined();

  // On this till's line somebody leads the last change to a key of his own.
  const beset = await startTill('robbed', ({ payload, keyChanges = [] }) => ({
    payload: payload.replace('五店', '贼店'),
    signature: signText(thief, payload.replace('五店', '贼店')),
    keyChanges: keyChanges.map((change, at) =>
      at === 1 ? { ...change, toKey: thief.publicKey } : change,
    ),
  }));
  await expect.poll(() => problemOf(beset), { timeout: withinMs }).toBe('config-signature-invalid');
  expect(await nameAt(beset)).toBe('一店');
  await stopTill(beset);
  await hears(await startTill('robbed'), '五店');
});

test('a key that nobody announced is refused and shown, and the settings of before stay in force', async () => {
  const till = await activated('last');
  await hears(till, '五店');
  // The cloud's key was lost, so its operator breaks with the chain: such tills are activated anew.
  await cloud.deps.db.execute(sql`update signing_key_change set withdrawn_at_ms = 0`);
  await cloud.deps.db.execute(sql`update config_basis set signing_key = null`);
  await startCloud(keysOf(thief));
  await nameShop('六店');
  await expect.poll(() => problemOf(till), { timeout: withinMs }).toBe('config-signature-invalid');
  expect(await nameAt(till)).toBe('五店');
});
