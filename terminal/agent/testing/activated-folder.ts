import { getOrThrow } from '#shared/result/result.ts';
import { createAgent } from '#terminal/agent/agent.ts';
import { startScriptedCloud } from '#terminal/agent/testing/scripted-cloud.ts';
import { activationCode } from '#terminal/agent/testing/scripted-platform.ts';

/** Makes `dataDir` the folder of a till that was activated once and whose cloud is gone since. */
export async function activateFolder(dataDir: string): Promise<void> {
  const cloud = await startScriptedCloud();
  const config = { dataDir, cloudUrl: cloud.url, cashier: '王姐', devices: [] };
  const agent = getOrThrow(await createAgent({ config, appVersion: '0.1.0' }));
  await agent.start();
  getOrThrow(await agent.activate(activationCode));
  await agent.stop();
  await cloud.stop();
}
