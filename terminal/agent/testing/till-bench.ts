import { createAgent, type Agent, type AgentDeps } from '#terminal/agent/agent.ts';
import type { Config } from '#terminal/agent/config.ts';
import { startScriptedCloud, type ScriptedCloud } from '#terminal/agent/testing/scripted-cloud.ts';
import { activationCode } from '#terminal/agent/testing/scripted-platform.ts';
import { tempFolder } from '#terminal/agent/testing/temp-store.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { Screen, Status, TillState } from '#terminal/ipc/state.ts';
import type { MethodInput, MethodName, MethodOutput } from '#terminal/ipc/terminal-api.ts';

/** A whole till on real parts: journal on disk, real sockets to a scripted cloud. */
export interface TillBench {
  readonly cloud: ScriptedCloud;
  readonly agent: () => Agent;
  readonly dataDir: string;
  readonly ask: <M extends MethodName>(
    method: M,
    input: MethodInput<M>,
  ) => Promise<MethodOutput<M> | { readonly refused: string }>;
  readonly till: () => Promise<TillState>;
  readonly status: () => Promise<Status>;
  /** Waits until the screen is of this type, and answers it. */
  readonly screen: <T extends Screen['type']>(
    type: T,
    withinMs?: number,
  ) => Promise<Extract<Screen, { type: T }>>;
  readonly until: (
    what: string,
    holds: () => boolean | Promise<boolean>,
    withinMs?: number,
  ) => Promise<void>;
  /** Stops the agent and starts another on the same data; `between` may look at the data and change it. */
  readonly restart: (between?: (dataDir: string) => void) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openTillBench(
  options: Partial<Omit<AgentDeps, 'config'>> & {
    readonly devices?: Config['devices'];
    readonly activated?: boolean;
    /** A folder of the caller's; a temporary one when absent. */
    readonly dataDir?: string;
  } = {},
): Promise<TillBench> {
  const folder = tempFolder();
  const cloud = await startScriptedCloud();
  const { devices = [], activated = true, dataDir = folder.path, ...deps } = options;
  const config: Config = { dataDir, cloudUrl: cloud.url, cashier: '小王', devices };
  const open = async (): Promise<Agent> => {
    const agent = getOrThrow(await createAgent({ config, appVersion: 'test', ...deps }));
    await agent.start();
    return agent;
  };
  let agent = await open();
  if (activated) getOrThrow(await agent.activate(activationCode));

  const until: TillBench['until'] = async (what, holds, withinMs = 15_000) => {
    const deadline = performance.now() + withinMs;
    while (!(await holds())) {
      if (performance.now() > deadline) {
        const state = await agent.api.call('till.state', {});
        throw new Error(`not within ${withinMs} ms: ${what}; the till: ${JSON.stringify(state)}`);
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
  };
  const till = async (): Promise<TillState> => getOrThrow(await agent.api.call('till.state', {}));
  return {
    cloud,
    agent: () => agent,
    dataDir,
    till,
    until,
    ask: async (method, input) => {
      const answer = await agent.api.call(method, input);
      return answer.ok ? answer.value : { refused: answer.error.code };
    },
    status: async () => getOrThrow(await agent.api.call('status.get', {})),
    screen: async (type, withinMs) => {
      await until(`screen ${type}`, async () => (await till()).screen.type === type, withinMs);
      return (await till()).screen as never;
    },
    restart: async (between) => {
      await agent.stop();
      between?.(dataDir);
      agent = await open();
    },
    close: async () => {
      await agent.stop();
      await cloud.stop();
      folder.remove();
    },
  };
}
