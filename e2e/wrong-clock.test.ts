import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '#drivers/core/system-ports.ts';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { projectOnce } from '#cloud/journal/projection/project-journal.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal, admin } from '#cloud/platform/testing/test-terminal.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { businessDate } from '#shared/time/business-day.ts';
import { createAgent, type Agent } from '#terminal/agent/agent.ts';

/** Whole tills with wrong clocks, and the whole cloud: both sides of the day have the same money, on the true day. */
const dayMs = 86_400_000;
const cutOverHour = 4;
const withinMs = 15_000;
const folder = mkdtempSync(join(tmpdir(), 'greentill-wrong-clock-'));
const agents: Agent[] = [];
let cloud: TestCloud;
let app: CloudApp;
let origin: string;

beforeAll(async () => {
  cloud = await createTestCloud();
  app = await buildTestApp(cloud);
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
}, 60_000);
afterAll(async () => {
  for (const agent of agents) await agent.stop();
  await app.close();
  await cloud.close();
  rmSync(folder, { recursive: true });
}, 60_000);

async function openTill(aheadMs: number): Promise<Agent> {
  const operatorToken = testOperatorToken;
  const { merchantId, storeId } = await activateTestTerminal({ origin, operatorToken });
  const path = `/admin/v1/merchants/${merchantId}/stores/${storeId}/activation-codes`;
  const issued = await admin({ origin, operatorToken }, path, undefined);
  const dataDir = join(folder, `ahead-${aheadMs}`);
  const config = { dataDir, cloudUrl: origin, cashier: '小王', devices: [] };
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
  const agent = getOrThrow(await createAgent({ config, appVersion: 'test', clock }));
  agents.push(agent);
  await agent.start();
  getOrThrow(await agent.activate(String(issued.body['code'])));
  return agent;
}

test.each([
  ['a day ahead', dayMs],
  ['a day behind', -dayMs],
])('a till %s: its day and the cloud’s are the true one, with the same sum', async (_, aheadMs) => {
  const { api } = await openTill(aheadMs);
  const today = businessDate({ atMs: Date.now(), cutOverHour });
  // The cloud's time is believed with the first signed request that it took.
  await expect
    .poll(async () => getOrThrow(await api.call('today.get', {})).businessDate, {
      timeout: withinMs,
    })
    .toBe(today);
  getOrThrow(await api.call('till.setAmount', { amountFen: 4_300 }));
  getOrThrow(await api.call('till.payCash', { tenderedFen: 5_000 }));
  await expect
    .poll(async () => getOrThrow(await api.call('status.get', {})).unsentCount, {
      timeout: withinMs,
    })
    .toBe(0);
  while ((await projectOnce({ ...cloud.deps, effects: createProjectionEffects() })) > 0);
  expect(getOrThrow(await api.call('today.get', {}))).toMatchObject({
    businessDate: today,
    turnoverFen: 4_300,
    tomorrow: { cloudTurnoverFen: 4_300 },
  });
});
