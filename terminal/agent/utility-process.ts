import { serveApi } from '#terminal/ipc/message-link.ts';
import { createAgent } from '#terminal/agent/agent.ts';
import { loadConfig } from '#terminal/agent/config.ts';
import { heardFromHost } from '#terminal/agent/desktop-host.ts';
import { runInWorker } from '#terminal/agent/store/run-in-worker.ts';

/**
 * The agent as a process of its own, spoken to by messages. Started with `--config FILE`. Exits with 1 when it cannot
 * open its data.
 */
const { port, keyProtector } = await heardFromHost();
const file = process.argv[process.argv.indexOf('--config') + 1] ?? '';
const config = await loadConfig(file);
const agent = config.ok
  ? await createAgent({
      config: config.value,
      appVersion: process.env['npm_package_version'] ?? '0.1.0',
      runStoreTask: runInWorker,
      ...(keyProtector ? { keyProtector } : {}),
    })
  : config;

if (agent.ok) {
  await agent.value.start();
  serveApi(port, agent.value.api);
  const stop = (): void => void agent.value.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('disconnect', stop);
} else {
  port.post({ type: 'failed', code: agent.error.code });
  process.stderr.write(`the agent cannot start: ${agent.error.code} ${agent.error.detail ?? ''}\n`);
  process.exitCode = 1;
}
