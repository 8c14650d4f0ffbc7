import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
import { createOsStoreProtector } from '#terminal/agent/identity/key-protector.ts';
import { runDesktopStore } from '#terminal/main/desktop-store.ts';
import { createScriptedShell, scriptSecrets } from '#terminal/main/testing/scripted-shell.ts';
import { loadWrapKey } from '#terminal/main/wrap-key.ts';

/** A desktop till whose key the operating system's store seals loses its disk, and the whole cloud gives it back. */
const folder = mkdtempSync(join(tmpdir(), 'greentill-desktop-recovery-'));
const [dataDir, userFolder] = [join(folder, 'data'), join(folder, 'user')];
const configFile = join(folder, 'till.json');
const secrets = scriptSecrets('王姐');
const fileOf = (name: string) =>
  fileURLToPath(new URL(`../terminal/agent/${name}`, import.meta.url));
let cloud: TestCloud;
let app: CloudApp;
let origin: string;
let till: Agent;

const config = () => ({ dataDir, cloudUrl: origin, cashier: '小王', devices: [] });

beforeAll(async () => {
  cloud = await createTestCloud();
  app = await buildTestApp(cloud);
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  writeFileSync(configFile, JSON.stringify(config()));
});
afterAll(async () => {
  await till.stop();
  await app.close();
  await cloud.close();
  rmSync(folder, { recursive: true });
});

/** As the desktop starts it: with the key that only its user opens. */
async function start(): Promise<void> {
  const kept = loadWrapKey(secrets, userFolder);
  const wrapKey = Buffer.from(kept.type === 'key' ? kept.key : '', 'base64');
  const keyProtector = createOsStoreProtector(wrapKey);
  till = getOrThrow(await createAgent({ config: config(), appVersion: '1.0.0', keyProtector }));
  await till.start();
}

async function sellCash(amountFen: number): Promise<void> {
  getOrThrow(await till.api.call('till.setAmount', { amountFen }));
  getOrThrow(await till.api.call('till.payCash', { tenderedFen: amountFen }));
}

async function desktopStore(...words: readonly string[]) {
  const shell = createScriptedShell({ secrets, userFolder });
  const [said, reported]: [string[], string[]] = [[], []];
  await runDesktopStore(
    { shell, say: (text) => said.push(text), report: (text) => reported.push(text) },
    { storeEntry: fileOf('store-process.ts'), args: [...words, '--config', configFile] },
  );
  return { exits: shell.exits, said: said.join('\n'), reported };
}

test('the desktop app restores with the cloud what the command line program alone cannot', async () => {
  const { merchantId, storeId } = await activateTestTerminal({
    origin,
    operatorToken: testOperatorToken,
  });
  const path = `/admin/v1/merchants/${merchantId}/stores/${storeId}/activation-codes`;
  const issued = await admin({ origin, operatorToken: testOperatorToken }, path, undefined);
  await start();
  getOrThrow(await till.activate(String(issued.body['code'])));
  await sellCash(1_000);
  expect((await desktopStore('backup')).exits).toEqual([0]);
  await sellCash(2_000);
  const unsent = async () => getOrThrow(await till.api.call('status.get', {})).unsentCount;
  await expect.poll(unsent, { timeout: 15_000 }).toBe(0);
  const held = await desktopStore('restore');
  expect(held.exits).toEqual([1]);
  expect(held.reported.join()).toContain('store-locked');
  await till.stop();
  for (const name of readdirSync(dataDir))
    if (name.startsWith('journal.db')) rmSync(join(dataDir, name));

  const commandLine = [fileOf('store-main.ts'), 'restore', '--config', configFile];
  const refused = promisify(execFile)(process.execPath, commandLine);
  await expect(refused).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`npm run desktop -- --store restore --config ${configFile}`),
  });

  const restored = await desktopStore('restore');
  expect(restored).toMatchObject({ exits: [0], reported: [] });
  expect(JSON.parse(restored.said)).toMatchObject({ lost: [], refused: [], withCloud: true });
  await start();
  const today = getOrThrow(await till.api.call('today.get', {}));
  expect(today).toMatchObject({ turnoverFen: 3_000, orderCount: 2 });
  await sellCash(3_000);
  await expect.poll(unsent, { timeout: 15_000 }).toBe(0);
}, 180_000);
