import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createAgent } from '#terminal/agent/agent.ts';
import { loadConfig, type Config } from '#terminal/agent/config.ts';
import { startWebHost } from '#terminal/web/host.ts';

/**
 * npm run terminal -- --config FILE [--port N] [--activate CODE] [--frame-ancestor ORIGIN]
 * The agent with its loopback UI. Prints one line with the address to open.
 */
const { values } = parseArgs({
  options: {
    config: { type: 'string' },
    port: { type: 'string', default: '7320' },
    activate: { type: 'string' },
    'frame-ancestor': { type: 'string', multiple: true, default: [] },
  },
});

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const config = await loadConfig(values.config ?? fail('usage: npm run terminal -- --config FILE'));
if (!config.ok) fail(`${config.error.code}: ${config.error.detail ?? ''}`);
else await run(config.value);

async function run(tillConfig: Config): Promise<void> {
  const agent = await createAgent({
    config: tillConfig,
    appVersion: process.env['npm_package_version'] ?? '0.1.0',
  });
  if (!agent.ok)
    return fail(`the agent cannot start: ${agent.error.code} ${agent.error.detail ?? ''}`);
  if (values.activate !== undefined && !agent.value.isActivated()) {
    const activated = await agent.value.activate(values.activate);
    if (!activated.ok)
      fail(`activation refused: ${activated.error.code} ${activated.error.detail ?? ''}`);
  }
  await agent.value.start();
  const host = await startWebHost({
    api: agent.value.api,
    token: randomBytes(24).toString('base64url'),
    port: Number(values.port),
    rendererFolder: path.resolve(import.meta.dirname, '../../out/renderer'),
    frameAncestors: values['frame-ancestor'],
  });
  process.stdout.write(`greentill till ready ${host.url}\n`);
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void host
        .close()
        .then(() => agent.value.stop())
        .then(() => process.exit(0));
    });
  }
}
