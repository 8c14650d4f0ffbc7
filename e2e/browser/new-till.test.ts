import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { knownPerson } from '#cloud/persons/testing/known-person.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal, admin } from '#cloud/platform/testing/test-terminal.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createAgent, type Agent } from '#terminal/agent/agent.ts';
import { startWebHost, type WebHost } from '#terminal/web/host.ts';
import { findBrowser, launchBrowser } from '../../terminal/renderer/testing/browser.ts';
import { ensureRenderer } from '../stage/renderer-build.ts';
import { rendererFolder } from '../stage/stage.ts';

const executablePath = findBrowser();
const waitMsMax = 15_000;
const pin = '604817';

/** A till out of the box, the real cloud, a real browser: each test goes on where the one before it ended. */
describe.skipIf(executablePath === undefined)('a new till', { timeout: 60_000 }, () => {
  let cloud: TestCloud;
  let app: CloudApp;
  let origin: string;
  let folder: string;
  let agent: Agent;
  let host: WebHost;
  let browser: Browser;
  let page: Page;
  let shop: { readonly merchantId: string; readonly storeId: string };

  beforeAll(async () => {
    cloud = await createTestCloud();
    app = await buildTestApp(cloud);
    origin = await app.listen({ host: '127.0.0.1', port: 0 });
    shop = await activateTestTerminal({ origin, operatorToken: testOperatorToken });
    folder = await mkdtemp(path.join(tmpdir(), 'greentill-new-till-'));
    const config = { dataDir: folder, cloudUrl: origin, cashier: '王姐', devices: [] };
    agent = getOrThrow(await createAgent({ config, appVersion: 'test' }));
    await agent.start();
    await ensureRenderer();
    host = await startWebHost({
      api: agent.api,
      token: 'a-token-of-the-test-000000000000',
      port: 0,
      rendererFolder,
    });
    browser = await launchBrowser(executablePath!);
    page = await browser.newPage({ viewport: { width: 1366, height: 768 } });
    await page.goto(host.url);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await host?.close();
    await agent?.stop();
    await app?.close();
    await cloud?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const sees = (text: string | RegExp): Promise<void> =>
    page.getByText(text).first().waitFor({ timeout: waitMsMax });
  const operator = (): { readonly origin: string; readonly operatorToken: string } => ({
    origin,
    operatorToken: testOperatorToken,
  });
  const enter = async (digits: string): Promise<void> => {
    await page.keyboard.type(digits, { delay: 70 });
    await page.waitForTimeout(300);
    await page.keyboard.press('Enter');
  };

  it('is activated on its screen: a wrong code in words, then the right one, then for which shop', async () => {
    await sees('激活这台收银机');
    await enter('ZZZZZZZZZZZZ');
    await sees(/激活码不对|没有这个激活码|激活码/);
    await page.locator('.activation-said.tone-amber').waitFor({ timeout: waitMsMax });
    const { merchantId, storeId } = shop;
    const route = `/admin/v1/merchants/${merchantId}/stores/${storeId}/activation-codes`;
    const code = String((await admin(operator(), route, undefined)).body['code']);
    await page.locator('.activation-code').fill('');
    await enter(code.toLowerCase());
    await sees('激活成功');
    await sees('测试商店');
    await page.keyboard.press('Enter');
    await page.locator('.key-go').waitFor({ timeout: waitMsMax });
    expect(agent.isActivated()).toBe(true);
  });

  it('its owner sets a PIN, and settings are asked for with it', async () => {
    await page.locator('.pin-chip').click();
    await page.locator('.owner-settings .button').first().click();
    await sees('输入新密码');
    await enter(pin);
    await sees('新密码再输一遍');
    await enter(pin);
    await sees('店主密码设好了');
    await page.locator('.settings button', { hasText: '小票' }).click();
    await page.locator('.paper').waitFor({ timeout: waitMsMax });
    await page.getByRole('switch', { name: '收银员' }).click();
    await page.getByRole('button', { name: '保存' }).click();
    await sees('改设置要店主密码');
    await enter('604818');
    await sees('还能试 4 次');
    await enter(pin);
    await sees('已保存');
  });

  it('a PIN typed wrong five times is an alarm in the cloud, and a reset asked for there takes it away', async () => {
    const api = agent.api;
    for (let tries = 0; tries < 5; tries += 1) await api.call('owner.unlock', { pin: '604818' });
    const kinds = async (): Promise<readonly unknown[]> =>
      (await cloud.deps.db.execute(sql`select kind from terminal_alarm order by kind`)).rows;
    await expect.poll(kinds, { timeout: waitMsMax }).toEqual([
      // The first PIN, set further up: whoever stands at a new till may set it, and not unheard of.
      { kind: 'owner-pin-first-set' },
      { kind: 'owner-pin-locked' },
    ]);
    const state = getOrThrow(await api.call('identity.state', {}));
    const route = `/admin/v1/terminals/${state.terminalId}/owner-pin-reset`;
    const { key: personKey } = await knownPerson(cloud.deps, '客服小陈');
    const asked = await admin({ ...operator(), personKey }, route, { why: '店主来电' });
    expect(asked.status).toBe(201);
    await page.locator('.pin-chip').waitFor({ timeout: 45_000 });
    expect(cloud.log()).not.toContain(pin);
  });
});
